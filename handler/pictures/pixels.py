"""The pixels of a picture that Pillow has opened, as CVAT's rule makes them.

The rule is that of CVAT's `cvat/apps/engine/media_extractors.py`: alpha is dropped, 16-bit grey is
cut to its high byte and equalised, 32-bit grey scaled to its largest value, all else as Pillow
converts it to RGB. Pixels are (height, width, 3) uint8, BGR.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL import _imaging as core
from PIL.ImageFile import ImageFile

_Pixels = NDArray[np.uint8]
_BAND = 2**20  # bytes of a picture that are converted at once

# Pillow keeps a pixel of these in one byte or two, and of all other modes in four.
_SMALL = ("1", "L", "P", "I;16", "I;16L", "I;16B", "I;16N")


def load(image: ImageFile) -> _Pixels:
    """Decode an opened image and return its pixels; the image is used up.

    Pillow decodes into memory of ours, and in it the pixels move together: a second copy of a large
    picture is what ends a container.

    Raises:
        Exception: the picture is damaged; plugins of Pillow raise what they like.
    """
    if image.mode in _SMALL:
        return of_image(image)
    size = getattr(image, "_tile_size", image.size)  # a TIFF is `size` only when it is upright
    memory = np.zeros((*size[::-1], 4), np.uint8)  # damage may leave some of it unwritten
    ours = core.map_buffer(memory, size, "raw", 0, (image.mode, 0, 1))
    image.im = ours
    image.load()
    if image.im is not ours:  # an animation's first picture that is laid over another
        return of_image(image)
    if image.mode in ("RGB", "RGBA", "RGBX"):
        packed = pack(memory)
    else:
        convert = _converter(image)
        packed = pack(memory, lambda band, top: convert(_rows(image, top, len(band))))
    image.close()  # its memory is ours again
    return packed


def of_image(image: Image.Image) -> _Pixels:
    """Return the pixels of an image, which stays as it is."""
    image.load()
    image = _in_eight_bits(image)
    width, height = image.im.size  # a TIFF that Pillow was kept from turning has another `size`
    pixels = np.empty((height, width, 3), np.uint8)
    convert = _converter(image)
    for top, bottom in _bands(height, width):
        pixels[top:bottom] = convert(_rows(image, top, bottom - top))
    return pixels


def pack(rgba: _Pixels, convert: Callable[[_Pixels, int], _Pixels] | None = None) -> _Pixels:
    """Return RGBA pixels (height, width, 4) as BGR ones (height, width, 3), in the same memory.

    convert: makes BGR of a band of rows, given with the number of its first; else alpha is dropped.
    """
    height, width = rgba.shape[:2]
    bgr: _Pixels = np.ndarray((height, width, 3), np.uint8, buffer=rgba)
    for top, bottom in _bands(height, width):
        band = rgba[top:bottom]
        bgr[top:bottom] = convert(band, top) if convert else cv2.cvtColor(band, cv2.COLOR_RGBA2BGR)
    del bgr, band
    # Nothing else looks at the memory any more, which gives its last quarter back.
    rgba.resize((height, width, 3), refcheck=False)
    return rgba


def swap(rgb: _Pixels) -> _Pixels:
    """Return RGB pixels (height, width, 3) as BGR ones, in the same memory."""
    for top, bottom in _bands(*rgb.shape[:2]):
        rgb[top:bottom] = cv2.cvtColor(rgb[top:bottom], cv2.COLOR_RGB2BGR)
    return rgb


def _bands(height: int, width: int) -> Iterator[tuple[int, int]]:
    rows = max(1, _BAND // (4 * width))
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def _rows(image: Image.Image, top: int, count: int) -> Image.Image:
    return image.crop((0, top, image.im.size[0], top + count))


def _bgr(band: Image.Image) -> _Pixels:
    if band.mode == "L":
        return np.asarray(cv2.cvtColor(np.asarray(band), cv2.COLOR_GRAY2BGR), np.uint8)
    return np.asarray(band if band.mode == "RGB" else band.convert("RGB"))[..., ::-1]


def _converter(image: Image.Image) -> Callable[[Image.Image], _Pixels]:
    """Return what makes BGR pixels of a band of an image."""
    if image.mode != "I":
        return _bgr
    factor = 256 / max(float(image.getextrema()[1]), 1)  # type: ignore[arg-type]

    def scaled(band: Image.Image) -> _Pixels:
        grey = np.clip(np.asarray(band, np.float64) * factor, 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)

    return scaled


def _in_eight_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith("I;16"):
        return image
    grey = np.empty(image.im.size[::-1], np.uint8)
    for top, bottom in _bands(*grey.shape):
        grey[top:bottom] = np.asarray(_rows(image, top, bottom - top)) >> 8
    return ImageOps.equalize(Image.fromarray(grey))
