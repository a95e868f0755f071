"""What is written for each picture: CVAT's JSON, and the picture with the shapes drawn."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import simplejpeg

from handler.cvat.shapes import to_json
from handler.errors import SettingsError
from handler.pictures.decoding import Picture

QUALITY = 90  # of a JPEG, 0 to 100
PICTURES = ("jpg", "png", "none")


class Results:
    """A folder of results. A file there is whole, or not there.

    pictures: the kind of the drawn pictures, one of `PICTURES`.
    """

    def __init__(self, folder: Path, pictures: str) -> None:
        self.folder = folder
        self.pictures = pictures

    def paths(self, name: str) -> list[Path]:
        """Return the files of a result: the JSON, and the drawn picture if there is to be one."""
        suffixes = [".json"] if self.pictures == "none" else [".json", f".{self.pictures}"]
        return [self.folder / f"{name}{suffix}" for suffix in suffixes]

    def write(self, name: str, shapes: Iterable[dict[str, Any]], drawn: Picture | None) -> None:
        """Write a result; `drawn` is BGR, None where no picture is written.

        Raises:
            SettingsError: it cannot be written.
        """
        if drawn is not None:
            write_whole(self.paths(name)[1], _encoded(drawn, self.pictures))
        write_whole(self.paths(name)[0], one_a_line(shapes))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all.

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
        raise SettingsError(
            f"{path} cannot be written ({error.strerror})",
            "Name a folder of yours with --out; in a container run it as yourself, with "
            '--user "$(id -u)".',
        ) from None


def one_a_line(shapes: Iterable[dict[str, Any]]) -> bytes:
    """Return a JSON list with a shape on each line: a mask has millions of numbers."""
    lines = [to_json(shape) for shape in shapes]
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _encoded(picture: Picture, kind: str) -> bytes:
    if kind == "jpg":
        return bytes(simplejpeg.encode_jpeg(picture, quality=QUALITY, colorspace="BGR"))
    return cv2.imencode(".png", picture)[1].tobytes()
