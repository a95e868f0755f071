"""Which files are pictures, and what is wrong with one."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from handler.errors import ModelError, RequestError

PICTURE_SUFFIXES = (
    ".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
_OF_A_REQUEST = "'image' "


def pictures_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files among `paths`, and the pictures in the folders among them."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
        else:
            yield path


def about_file(title: str, error: Exception) -> str:
    """Return in one line what is wrong with a file, which the words for a request call 'image'."""
    if isinstance(error, OSError):
        return f"{title} cannot be read ({error.strerror})."
    if isinstance(error, ModelError):
        cause = error.__cause__
        return f"{title}: the model fails on it ({type(cause).__name__}: {cause})."
    if not isinstance(error, RequestError):
        return f"{title}: {error}"
    remedy = error.remedy.replace("Send one of", "Known are")
    return f"{title} {error.message.removeprefix(_OF_A_REQUEST)}. {remedy}".strip()
