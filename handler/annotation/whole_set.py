"""Results of single pictures, read back for files that hold them all."""

from collections.abc import Mapping
from pathlib import Path

import orjson
from PIL import Image

from handler.annotation.results import Results
from handler.annotation.sources import Source
from handler.cvat.formats.image import AnnotatedImage

_ORIENTATION = 0x0112  # the EXIF tag
_ON_THEIR_SIDE = (5, 6, 7, 8)


def annotated_images(names: Mapping[Source, str], results: Results) -> list[AnnotatedImage]:
    """Return the pictures that have a result, also those of an earlier run.

    They are called by their path below the folder that was named, as CVAT calls uploaded files.
    """
    images = []
    for source, name in names.items():
        file = results.paths(name)[0]
        if file.exists():
            width, height = _size(source.path)
            shapes = orjson.loads(file.read_bytes())
            images.append(AnnotatedImage(str(source.relative), width, height, shapes))
    return images


def _size(path: Path) -> tuple[int, int]:
    """Return width and height as CVAT shows the picture, upright."""
    with Image.open(path) as header:
        width, height = header.size
        on_its_side = header.getexif().get(_ORIENTATION, 1) in _ON_THEIR_SIDE
    return (height, width) if on_its_side else (width, height)
