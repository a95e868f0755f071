"""What the site does to a page: links that leave docs/ become paths, commands show their help."""

import re
from pathlib import PurePosixPath
from typing import Any

import click

from handler.cli import COMMANDS, main

_COMMANDS = re.compile(r"<!-- commands: .* -->")
_LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+[^)#\s]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page's text: links into the repository as words, and the help where it belongs."""
    folder = PurePosixPath(page.file.src_uri).parent

    def replaced(match: re.Match[str]) -> str:
        words, target = match[1], match[2]
        inside = _resolved(folder / target)
        if inside is not None:
            return match[0]
        path = target.lstrip("./")
        return words if words.strip("`") == path else f"{words} (`{path}`)"

    return _COMMANDS.sub(lambda _: _help(), _LINK.sub(replaced, markdown))


def _resolved(path: PurePosixPath) -> PurePosixPath | None:
    """Return a path below docs/ without its `..`; None if it leads out of there."""
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return PurePosixPath(*parts)


def _help() -> str:
    """Return what `--help` prints, of each command under a title of its own."""
    group = click.Context(main, info_name="auto-annotate", max_content_width=100)
    sections = []
    for name in COMMANDS:
        command = main.get_command(group, name)
        if command is not None:
            context = click.Context(command, group, name)
            text = command.get_help(context)
            sections.append(f"## auto-annotate {name}\n\n```text\n{text}\n```\n")
    return "\n".join(sections)
