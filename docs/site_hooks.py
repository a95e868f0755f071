"""What the site does to a page: links that leave docs/ become the path in the repository."""

import re
from pathlib import PurePosixPath
from typing import Any

_LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+[^)#\s]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page's text with links into the repository as words: a site does not hold those."""
    folder = PurePosixPath(page.file.src_uri).parent

    def replaced(match: re.Match[str]) -> str:
        words, target = match[1], match[2]
        inside = _resolved(folder / target)
        if inside is not None:
            return match[0]
        path = target.lstrip("./")
        return words if words.strip("`") == path else f"{words} (`{path}`)"

    return _LINK.sub(replaced, markdown)


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
