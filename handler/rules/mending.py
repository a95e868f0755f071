"""A function.yaml changed so that the rules hold; its comments and its order stay."""

import difflib
import io
import re
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from handler.errors import SettingsError
from handler.rules.function_file import FunctionFile
from handler.rules.rule import Rule


def mended(text: str, name: str, platform: str, rules: Sequence[Rule[FunctionFile]]) -> str:
    """Return a file's text after every rule that finds something and knows the remedy.

    Raises:
        SettingsError: the file has YAML in it that cannot be written back as it was.
    """
    writer = _writer(text)
    try:
        document = writer.load(text)
    except YAMLError as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f"{name} cannot be mended ({reason})", "Change it by hand.") from None
    changed = False
    for rule in rules:
        if rule.mend and any(True for _ in rule.search(FunctionFile(document, platform))):
            rule.mend(document)
            changed = True
    return _written(writer, document) if changed else text


def difference(before: str, after: str, name: str) -> str:
    """Return the unified difference of two texts; empty if there is none."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name}, mended"
    )
    return "".join(lines)


def _writer(text: str) -> YAML:
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = 4096
    if not re.search(r"^( *)[^\s#-].*:\n\1- ", text, re.MULTILINE):
        writer.indent(mapping=2, sequence=4, offset=2)
    return writer


def _written(writer: YAML, document: Any) -> str:
    stream = io.StringIO()
    writer.dump(document, stream)
    return stream.getvalue()
