"""YAML in which a key can carry the reason for its value."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WIDTH = 98
_PLAIN = re.compile(r"[A-Za-z/][\w./:-]*(?<!:)", re.ASCII)
# Plain words that YAML 1.1 or 1.2 reads as something other than text.
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
_BLOCK = re.compile(r"\S.*\n( *\S.*\n)*")
# What YAML 1.2 (section 5.1) does not take as it is, and the breaks that would end a line.
_UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True)
class Commented:
    """A value, and the comment that stands above its key."""

    comment: str
    value: Any


def plain(value: Any) -> Any:
    """Return `value` without its comments."""
    if isinstance(value, Commented):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def to_yaml(document: Mapping[str, Any]) -> str:
    """Return `document` as block YAML. No text in it can break the file, whatever it holds."""
    return "\n".join(_block(document)) + "\n"


def to_json(value: Any) -> str:
    """Return `value` as one line of JSON that is also YAML; letters of all scripts stay letters."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def comment_lines(text: str, indent: int = 0) -> list[str]:
    """Return `text` as comment lines; its own line breaks stay."""
    width = _WIDTH - indent - 2
    lines = [line for part in text.split("\n") for line in textwrap.wrap(part, width) or [part]]
    return [f"{' ' * indent}# {line}" for line in lines]


def _block(mapping: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    for key, item in mapping.items():
        if isinstance(item, Commented):
            yield from comment_lines(item.comment, indent)
        yield from _entry(f"{' ' * indent}{_scalar(key)}:", _bare(item), indent)


def _bare(item: Any) -> Any:
    return item.value if isinstance(item, Commented) else item


def _entry(start: str, value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield start
        yield from _block(value, indent + 2)
    elif isinstance(value, str) and _BLOCK.fullmatch(value) and not _UNPRINTABLE.search(value):
        yield f"{start} |"
        yield from (f"{' ' * (indent + 2)}{line}" for line in value[:-1].split("\n"))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield start
        for item in value:
            lines = list(_block(item, indent + 4)) if isinstance(item, Mapping) else [_scalar(item)]
            yield from [f"{' ' * (indent + 2)}- {lines[0].lstrip()}", *lines[1:]]
    else:
        yield f"{start} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return to_json(value)
