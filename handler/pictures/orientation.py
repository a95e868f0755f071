"""Which way up a picture is to be held, and the pixels turned so.

The orientation is the EXIF tag 0x0112, or `tiff:Orientation` of XMP: whatever Pillow reads, as CVAT
turns pictures by `PIL.ImageOps.exif_transpose`.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_Pixels = NDArray[np.uint8]
_TAG = 0x0112

# By orientation. Where the sides stay what they are, the pixels change places in their own memory.
_TURNS: dict[Any, Callable[[_Pixels], Any]] = {
    2: lambda pixels: cv2.flip(pixels, 1, dst=pixels),
    3: lambda pixels: cv2.flip(pixels, -1, dst=pixels),
    4: lambda pixels: cv2.flip(pixels, 0, dst=pixels),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE), 0),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def orientation_of(image: Image.Image) -> Any:
    """Return what the metadata of an image say; 1 where they say nothing."""
    return image.getexif().get(_TAG, 1)


def take_orientation(image: Image.Image) -> Any:
    """Return what the metadata that an image holds so far say, once: 1 ever after, or for nothing.

    Not by the image's own `getexif`: a PNG's decodes the picture, to see what lies behind it. And
    Pillow turns no TIFF whose orientation is taken.
    """
    return Image.Image.getexif(image).pop(_TAG, 1)


def upright(pixels: _Pixels, orientation: Any) -> _Pixels:
    """Return pixels (height, width, 3) the right way up; the given ones are used up."""
    turn = _TURNS.get(orientation)
    return pixels if turn is None else np.asarray(turn(pixels), np.uint8)
