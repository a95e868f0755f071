"""Which files are pictures."""

from collections.abc import Iterable, Iterator
from pathlib import Path

PICTURE_SUFFIXES = (
    ".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip


def pictures_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files among `paths`, and the pictures in the folders among them."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
        else:
            yield path
