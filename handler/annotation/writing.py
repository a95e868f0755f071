"""Files that are whole or not there, and why one cannot be written."""

import errno
import os
from pathlib import Path

from handler.errors import SettingsError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; its folder is made if it is missing.

    Raises:
        SettingsError: the folder cannot be written, or is full.
    """
    staged = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(content)
        os.replace(staged, path)  # noqa: PTH105 - as the name says
    except OSError as error:
        staged.unlink(missing_ok=True) if staged.parent.is_dir() else None
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> SettingsError:
    """Return what to do where a result cannot be written."""
    remedy = (
        "Make room there; the same command with --resume goes on."
        if error.errno in _FULL
        else "Name a folder of yours with --out; in a container run it as yourself, with "
        '--user "$(id -u)".'
    )
    return SettingsError(f"{path} cannot be written ({error.strerror})", remedy)
