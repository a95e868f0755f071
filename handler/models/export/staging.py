"""A folder that is written whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handler.errors import SettingsError

KEPT = "model"


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a folder to work in, beside `out`; at the end what is KEPT in it becomes `out`.

    Raises:
        SettingsError: `out` exists.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already", "Name a folder that does not, with --out.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as staging:
        yield Path(staging)
        Path(staging, KEPT).rename(out)
