"""From base64 to pixels, the way CVAT shows them.

A picture is an array (height, width, 3) uint8 in OpenCV's channel order, BGR.
"""

import io
from typing import TypeAlias, cast

import cv2
import numpy as np
import pybase64
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from handler.errors import RequestError

Picture: TypeAlias = NDArray[np.uint8]

# What CVAT takes as an image. Pillow knows more formats, some of which run other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000", "AVIF")

# OpenCV decodes these to the pixels that Pillow gives, in a third of the time.
_FAST = {(kind, mode) for kind in ("JPEG", "MPO", "PNG", "BMP", "WEBP") for mode in ("RGB", "L")}
_JPEG = ("JPEG", "MPO")
_ORIENTATION = 0x0112  # the EXIF tag

# Kept before ultralytics replaces it by one that looks for further packages, and for pip.
_open = Image.open
Image.init()  # register all formats, so that `FORMATS` can choose among them
# The limit on pixels is ours (`max_pixels`), and a broken picture is an answer, not a log line.
Image.MAX_IMAGE_PIXELS = None
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


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


def decode(encoded: bytes, max_pixels: int) -> Picture:
    """Return the pixels of an encoded picture, the right way up; of an animation its first frame.

    Grey, palette, alpha, CMYK and 16-bit pictures become 8-bit colour as in CVAT's own
    `cvat/apps/engine/media_extractors.py`: alpha is dropped, 16-bit grey is cut to its high byte
    and equalised, 32-bit grey scaled to its largest value.

    Raises:
        RequestError: not a picture, truncated, corrupt, or of more than `max_pixels` pixels.
    """
    if not encoded:
        raise RequestError("'image' is empty", code="empty_image")
    try:
        with _open(io.BytesIO(encoded), formats=FORMATS) as header:
            _check_size(header, max_pixels)
            is_jpeg, upright = header.format in _JPEG, _is_upright(header)
            if (header.format, header.mode) not in _FAST or not (is_jpeg or upright):
                return _decode_like_cvat(header)
            read = _decode_jpeg if is_jpeg and upright else _decode_with_opencv
            picture = read(encoded)
    except UnidentifiedImageError:
        raise RequestError(
            "'image' is not a picture", f"Send one of: {', '.join(FORMATS)}.", code="not_an_image"
        ) from None
    except (OSError, ValueError, SyntaxError, EOFError, cv2.error) as error:
        raise _corrupt(str(error)) from error
    if picture is None:
        raise _corrupt(f"{len(encoded)} bytes that end too early or are damaged")
    return picture


def from_pillow(image: Image.Image, max_pixels: int) -> Picture:
    """Return the pixels of a picture that Pillow has read, as `decode` does.

    Raises:
        RequestError: it has more than `max_pixels` pixels, or cannot be read to its end.
    """
    _check_size(image, max_pixels)
    try:
        return _decode_like_cvat(image)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _corrupt(str(error)) from error


def _check_size(header: Image.Image, max_pixels: int) -> None:
    width, height = header.size
    if width * height > max_pixels:
        raise RequestError(
            f"'image' has {width}x{height} pixels, more than the limit of {max_pixels}",
            "Scale it down, or raise ANNOTATE_MAX_PIXELS.",
            code="image_too_large",
        )


def _is_upright(header: Image.Image) -> bool:
    return bool(header.getexif().get(_ORIENTATION, 1) == 1)


def _decode_jpeg(encoded: bytes) -> Picture | None:
    """Return the pixels that OpenCV gives, in half its time."""
    try:
        return cast("Picture", simplejpeg.decode_jpeg(encoded, "BGR"))
    except ValueError:  # also of damage that OpenCV repairs
        return _decode_with_opencv(encoded)


def _decode_with_opencv(encoded: bytes) -> Picture | None:
    return cast("Picture | None", cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR))


def _decode_like_cvat(source: Image.Image) -> Picture:
    image = ImageOps.exif_transpose(source)
    if image.mode == "I":
        values = np.asarray(image, dtype=np.float64)
        scaled = values * (256 / max(values.max(), 1))
        image = Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))
    elif image.mode.startswith("I;16"):
        image = ImageOps.equalize(Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])


def _corrupt(why: str) -> RequestError:
    return RequestError(f"'image' is truncated or corrupt ({why})", code="corrupt_image")
