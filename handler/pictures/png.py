"""PNG in one pass: by the decoder of Rust's `png`, which needs a third of libpng's time.

CVAT sends every frame of a video as PNG. The format: https://www.w3.org/TR/png-3/.
"""

import io
import struct
from collections.abc import Callable, Iterator
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
    kind = _KINDS.get(str(header.tile[0].args))
    if kind is None or header.get_format_mimetype() == "image/apng":
        return None
    try:
        return upright(_decoded(encoded, header.size, kind), _orientation(encoded))
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


def _orientation(encoded: bytes) -> Any:
    """Return the orientation of a PNG, which can stand behind its pixels."""
    found = [(kind, whole) for kind, whole in _chunks(encoded) if kind in _METADATA]
    if not found:
        return 1
    # Of the metadata alone Pillow reads what it would read of all.
    start = encoded[: len(_SIGNATURE) + _FRAME + _IHDR]
    metadata = b"".join(bytes(whole) for _, whole in found)
    with open_image(io.BytesIO(start + metadata + _NO_PIXELS), formats=["PNG"]) as alone:
        return take_orientation(alone)


def _chunks(encoded: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the kind of each chunk and all its bytes, from first to last."""
    view, start, kind = memoryview(encoded), len(_SIGNATURE), b""
    while kind != b"IEND":
        if start + _FRAME > len(encoded):
            raise ValueError("it ends before its last chunk")
        length, kind = struct.unpack_from(">I4s", encoded, start)
        end = start + _FRAME + length
        yield kind, view[start:end]
        start = end
    if start > len(encoded):
        raise ValueError("its last chunk is cut")
