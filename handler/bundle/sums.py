"""SHA256SUMS: what `sha256sum -c` reads, one line a file, ordered by path."""

import hashlib
import re
from pathlib import Path

from handler.bundle.errors import BundleError

NAME = "SHA256SUMS"


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_sums(folder: Path) -> Path:
    """Write the list of all files below a folder, and return its path.

    Raises:
        BundleError: a file has a name that `sha256sum` would write otherwise.
    """
    paths = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    for path in paths:
        check_name(path)
    lines = [f"{digest_of(folder / path)}  {path}\n" for path in paths]
    file = folder / NAME
    file.write_text("".join(lines), "utf-8")
    return file


def check_name(path: str) -> None:
    r"""Refuse a name that `sha256sum` escapes, or a shell would read in two parts.

    Raises:
        BundleError: the name has a backslash or a control character.
    """
    if re.search(r"[\\\x00-\x1f\x7f]", path):
        raise BundleError(
            f"The file name {path!r} has a backslash or a control character", "Rename the file."
        )
