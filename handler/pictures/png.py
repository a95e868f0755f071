"""PNG in one pass: by the decoder of Rust's `png`, which needs a third of libpng's time.

CVAT sends every frame of a video as PNG. The format: https://www.w3.org/TR/png-3/.
"""

import io
import struct
from collections.abc import Callable
from typing import Any

import cv2
import kornia_rs
import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

from handler.pictures.opening import open_image
from handler.pictures.orientation import take_orientation, upright
from handler.pictures.pixels import pack, swap

_Pixels = NDArray[np.uint8]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME = 12  # bytes of a chunk beside its data: the data's length, the kind, a checksum
_METADATA = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")
_PIXELS = (b"IDAT", b"fcTL", b"fdAT")
_MOST = 1000  # other chunks; Pillow reads them one by one, at 200,000 a second

_IHDR = 13  # bytes
_NO_PIXELS = b"\0\0\0\0IDAT\x35\xaf\x06\x1e"

# What the decoder calls the pixels that Pillow calls so. All others are Pillow's to decode.
_KINDS = {"L": "mono", "RGB": "rgb", "RGBA": "rgba"}
_CHANNELS = {"mono": 1, "rgb": 3, "rgba": 4}
_TO_BGR: dict[str, Callable[[_Pixels], Any]] = {
    "mono": lambda grey: cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR),
    "rgb": swap,
    "rgba": pack,
}


def decode(encoded: bytes, header: ImageFile) -> _Pixels | None:
    """Return the pixels of a PNG whose header Pillow has read, the right way up, BGR.

    None where this decoder does not know the kind: palettes, other depths than 8 bits, grey with
    alpha, animations. Gamma and colour profiles are ignored, as Pillow ignores them.

    Raises:
        Exception: the picture is damaged.
    """
    metadata = _metadata(encoded)
    kind = _KINDS.get(str(header.tile[0].args))
    if kind is None or header.get_format_mimetype() == "image/apng":
        return None
    try:
        orientation = _orientation(encoded, metadata)
        return upright(_decoded(encoded, header.size, kind), orientation)
    except Exception:
        if kind == "rgba":  # Pillow reads on where only what is behind the pixels is missing
            return None
        raise


def _decoded(encoded: bytes, size: tuple[int, int], kind: str) -> _Pixels:
    width, height = size
    # Where there is no memory for the pixels the decoder panics, which is no error to be caught.
    np.empty((height, width, _CHANNELS[kind]), np.uint8)
    try:
        pixels = kornia_rs.io.decode_image_png_u8(encoded, (height, width), kind)
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError(str(error)) from error
        raise
    return np.asarray(_TO_BGR[kind](pixels), np.uint8)


def check(encoded: bytes) -> None:
    """Look at what stands before the pixels, if this is a PNG, before Pillow does.

    Raises:
        ValueError: there is more of it than anybody writes.
    """
    if encoded.startswith(_SIGNATURE):
        _metadata(encoded, until=b"IDAT")


def _metadata(encoded: bytes, until: bytes = b"IEND") -> list[memoryview] | None:
    """Return the chunks that can hold an orientation; None where the file ends too early."""
    view, start, kind, others = memoryview(encoded), len(_SIGNATURE), b"", 0
    found = []
    while kind != until:
        if start + _FRAME > len(encoded):
            return None
        length, kind = struct.unpack_from(">I4s", encoded, start)
        end = start + _FRAME + length
        if kind not in _PIXELS:
            others += 1
            if others > _MOST:
                raise ValueError(f"it has more than {_MOST} chunks besides its pixels")
        if kind in _METADATA:
            found.append(view[start:end])
        start = end
    return found if start <= len(encoded) else None


def _orientation(encoded: bytes, metadata: list[memoryview] | None) -> Any:
    """Return the orientation of a PNG, which can stand behind its pixels."""
    if metadata is None:
        raise ValueError("it ends before its last chunk does")
    if not metadata:
        return 1
    # Of the metadata alone Pillow reads what it would read of all.
    start = encoded[: len(_SIGNATURE) + _FRAME + _IHDR]
    alone = io.BytesIO(b"".join((start, *metadata, _NO_PIXELS)))
    with open_image(alone, formats=["PNG"]) as image:
        return take_orientation(image)
