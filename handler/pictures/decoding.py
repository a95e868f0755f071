"""From base64 to pixels, the way CVAT shows them.

A picture is an array (height, width, 3) uint8 in OpenCV's channel order, BGR.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, cast

import cv2
import numpy as np
import pybase64
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from handler.errors import AnnotateError, BusyError, RequestError
from handler.pictures import memory, pixels, png
from handler.pictures.opening import FORMATS, open_image
from handler.pictures.orientation import orientation_of, take_orientation, upright

Picture: TypeAlias = NDArray[np.uint8]


def from_base64(text: str) -> bytes:
    """Return the bytes that `text` encodes; line breaks are allowed.

    Raises:
        RequestError: `text` is not base64.
    """
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        pass
    try:
        return pybase64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        hint = "Leave the 'data:' prefix out." if text.startswith("data:") else ""
        raise RequestError("'image' is not base64", hint, code="not_base64") from None


def decode(
    encoded: bytes, max_pixels: int, reserve: Callable[[int], None] = lambda _: None
) -> Picture:
    """Return the pixels of an encoded picture, the right way up; of an animation its first frame.

    Pictures of every kind become what CVAT makes of them, see `pixels`. `reserve` is called with
    the bytes that decoding takes at most, before it takes any.

    Raises:
        RequestError: not a picture, truncated, corrupt, or of more than `max_pixels` pixels.
        BusyError: there is no memory for it at this moment.
    """
    if not encoded:
        raise RequestError("'image' is empty", code="empty_image")
    with _decoding_errors():
        png.check(encoded)
        with open_image(io.BytesIO(encoded), formats=FORMATS) as header:
            check_size(*header.size, max_pixels)
            reserve(memory.needed(header))
            return _DECODERS.get(header.format, _decode_with_pillow)(encoded, header)


def from_pillow(image: Image.Image, max_pixels: int) -> Picture:
    """Return the pixels of a picture that Pillow has read, as `decode` does.

    Raises:
        RequestError: it has more than `max_pixels` pixels, or cannot be read to its end.
        BusyError: there is no memory for it at this moment.
    """
    check_size(*image.size, max_pixels)
    with _decoding_errors():
        return upright(pixels.of_image(image), orientation_of(image))


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture of more than `max_pixels` pixels, by what its header says.

    Raises:
        RequestError: it has more.
    """
    if width * height > max_pixels:
        raise RequestError(
            f"'image' has {width}x{height} pixels, more than the limit of {max_pixels}",
            "Scale it down, or raise ANNOTATE_MAX_PIXELS.",
            code="image_too_large",
        )


def _decode_png(encoded: bytes, header: ImageFile) -> Picture:
    picture = png.decode(encoded, header)
    return _decode_with_pillow(encoded, header) if picture is None else picture


def _decode_jpeg(encoded: bytes, header: ImageFile) -> Picture:
    """Return Pillow's pixels in half its time, or what it makes of a damaged JPEG."""
    if header.mode not in ("RGB", "L") or not header.tile:
        return _decode_with_pillow(encoded, header)
    try:
        picture = simplejpeg.decode_jpeg(encoded, "BGR")
    except ValueError:
        return _decode_with_pillow(encoded, header)
    return upright(picture, take_orientation(header))


def _decode_webp(encoded: bytes, header: ImageFile) -> Picture:
    """Return Pillow's pixels, without the two more pictures that it keeps of an animation."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    if picture is None:
        raise ValueError(f"{len(encoded)} bytes that end too early or are damaged")
    return upright(cast("Picture", picture), take_orientation(header))


def _decode_with_pillow(_: bytes, header: ImageFile) -> Picture:
    if header.format == "PNG":  # its orientation can stand behind its pixels
        picture = pixels.load(header)
        return upright(picture, take_orientation(header))
    orientation = take_orientation(header)
    return upright(pixels.load(header), orientation)


_DECODERS: dict[str | None, Callable[[bytes, ImageFile], Picture]] = {
    "JPEG": _decode_jpeg,
    "MPO": _decode_jpeg,
    "PNG": _decode_png,
    "WEBP": _decode_webp,
}


@contextmanager
def _decoding_errors() -> Iterator[None]:
    """Turn whatever a decoder raises into a RequestError, and want of memory into a BusyError."""
    try:
        yield
    except AnnotateError:
        raise
    except UnidentifiedImageError:
        raise RequestError(
            "'image' is not a picture", f"Send one of: {', '.join(FORMATS)}.", code="not_an_image"
        ) from None
    except MemoryError as error:
        raise BusyError.of_memory() from error
    except Exception as error:  # plugins of Pillow raise what they like
        if getattr(error, "code", None) == cv2.Error.StsNoMem:
            raise BusyError.of_memory() from error
        why = str(error)[:200] or type(error).__name__
        raise RequestError(
            f"'image' is truncated or corrupt ({why})", code="corrupt_image"
        ) from error
