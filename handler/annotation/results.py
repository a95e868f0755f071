"""What is written for each picture: CVAT's JSON, and the picture with the shapes drawn."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import simplejpeg

from handler.annotation.writing import write_whole
from handler.cvat.shapes import to_json
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

    def are_there(self, name: str) -> bool:
        """Tell whether all files of a result are there."""
        return all(path.exists() for path in self.paths(name))

    def write(self, name: str, shapes: Iterable[dict[str, Any]], drawn: Picture | None) -> None:
        """Write a result; `drawn` is BGR, None where no picture is written.

        Raises:
            SettingsError: it cannot be written.
        """
        if drawn is not None:
            write_whole(self.paths(name)[1], _encoded(drawn, self.pictures))
        write_whole(self.paths(name)[0], one_a_line(shapes))


def one_a_line(shapes: Iterable[dict[str, Any]]) -> bytes:
    """Return a JSON list with a shape on each line: a mask has millions of numbers."""
    lines = [to_json(shape) for shape in shapes]
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _encoded(picture: Picture, kind: str) -> bytes:
    if kind == "jpg":
        return bytes(simplejpeg.encode_jpeg(picture, quality=QUALITY, colorspace="BGR"))
    return cv2.imencode(".png", picture)[1].tobytes()
