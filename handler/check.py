"""Everything that can be checked before, and after, a function is deployed."""

from collections.abc import Iterator

from handler.cvat.rules import RULES as CVAT_RULES
from handler.function_file import FunctionFile
from handler.nuclio.rules import RULES as NUCLIO_RULES
from handler.rules import Finding

# In the order in which they are mended: first everything to its place.
FILE_RULES = (*NUCLIO_RULES, *CVAT_RULES)


def file_findings(function: FunctionFile) -> Iterator[Finding]:
    """Yield what CVAT and Nuclio would make of a function.yaml."""
    for rule in FILE_RULES:
        yield from rule.findings(function)
