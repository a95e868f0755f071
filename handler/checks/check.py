"""Everything that can be checked before, and after, a function is deployed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from handler.checks import endpoint, machine, weights
from handler.cvat.rules import RULES as CVAT_RULES
from handler.errors import SettingsError
from handler.machine.machine import peak_memory
from handler.nuclio import running
from handler.nuclio.rules import RULES as NUCLIO_RULES
from handler.rules.function_file import FunctionFile, read_text
from handler.rules.rule import Finding, Rule, Rules
from handler.settings import Settings

# In the order in which they are mended: first everything to its place.
FILE_RULES: tuple[Rule[FunctionFile], ...] = (*NUCLIO_RULES, *CVAT_RULES)

READABLE: Rules[Path] = Rules("Nuclio")


@READABLE(
    "not-yaml",
    "error",
    "the file is YAML, one table of keys and values",
    "Let `auto-annotate function` write the file.",
)
def _not_yaml(path: Path) -> Iterator[SettingsError]:
    try:
        FunctionFile.parse(read_text(path), str(path))
    except SettingsError as error:
        yield error


ALL_RULES: tuple[Rule[Any], ...] = (
    *READABLE,
    *FILE_RULES,
    *weights.RULES,
    *machine.RULES,
    *running.RULES,
    *endpoint.RULES,
)


@dataclass(frozen=True)
class Subjects:
    """What to check; what is None is left out."""

    file: Path | None = None
    platform: str | None = None
    weights: Path | None = None
    nuclio: str | None = None
    url: str | None = None


def check(subjects: Subjects) -> list[Finding]:
    """Return what all rules find; the machine is always looked at."""
    findings: list[Finding] = []
    function = None
    if subjects.file is not None:
        findings += READABLE.findings(subjects.file)
        if not findings:
            name = str(subjects.file)
            function = FunctionFile.parse(read_text(subjects.file), name, subjects.platform)
            findings += file_findings(function)
    peak = None
    if subjects.weights is not None:
        loaded = weights.Weights.load(
            replace(Settings.from_environment(), weights=subjects.weights, cache=None), function
        )
        findings += weights.RULES.findings(loaded)
        peak = peak_memory() if loaded.service else None
    findings += machine.RULES.findings(machine.Host.read(function, peak))
    if subjects.nuclio is not None:
        findings += running.RULES.findings(running.Running.ask(subjects.nuclio, function))
    if subjects.url is not None:
        findings += endpoint.RULES.findings(endpoint.Endpoint.ask(subjects.url, function))
    return findings


def file_findings(function: FunctionFile) -> Iterator[Finding]:
    """Yield what Nuclio and CVAT would make of a function.yaml."""
    for rule in FILE_RULES:
        yield from rule.findings(function)


def refuse_errors(document: dict[str, Any], platform: str) -> None:
    """Check what is about to be written as a function.yaml.

    Raises:
        SettingsError: CVAT or Nuclio would refuse it.
    """
    for found in file_findings(FunctionFile(document, platform)):
        if found.severity == "error":
            raise SettingsError(f"{found.finding} [{found.rule}]", found.remedy)


def rule_table(rules: Sequence[Rule[Any]] = ALL_RULES) -> str:
    """Return the rules as the Markdown tables of docs/check.md, one for each subject."""
    lines = []
    for subject, group in groupby(rules, key=lambda rule: rule.subject):
        lines += [f"### {subject}", "", "| rule | severity | what has to hold |", "|---|---|---|"]
        lines += [_row(rule) for rule in group] + [""]
    return "\n".join(lines)


def _row(rule: Rule[Any]) -> str:
    mends = "; `--fix` mends it" if rule.mend else ""
    return f"| `{rule.name}` | {rule.severity} | {rule.statement.replace('|', '/')}{mends} |"
