"""What becomes of files that may not be read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handler.errors import WeightsError


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Say what to do where a file of a model folder cannot be read.

    Raises:
        WeightsError: this user may not read it, or the disk fails.
    """
    try:
        yield
    except PermissionError as error:
        path = error.filename or folder
        raise WeightsError(
            f"{path} cannot be read by the user {os.geteuid()}, as whom this runs",
            f"Let everybody read it, on the machine where the folder is: chmod -R a+rX {folder}",
        ) from error
    except OSError as error:
        if error.filename is None:
            raise
        raise WeightsError(f"{error.filename} cannot be read: {error.strerror}") from error
