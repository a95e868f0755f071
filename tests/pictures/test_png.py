"""The fast decoder of PNGs: what it takes, what it refuses, and what it leaves to Pillow."""

import zlib
from typing import Any

import cv2
import kornia_rs
import numpy as np
import pytest

from handler.errors import BusyError, RequestError
from handler.pictures.decoding import decode
from tests.pictures.kinds import (
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    apng,
    chunk,
    photograph,
    png,
    saved,
)

LIMIT = 100_000_000
FRAME = cv2.imencode(".png", np.asarray(photograph()))[1].tobytes()  # as CVAT sends those of videos


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where the fast decoder notes the kind of each picture that it is given."""
    kinds: list[str] = []
    original = kornia_rs.io.decode_image_png_u8

    def noting(encoded: bytes, shape: tuple[int, int], kind: str) -> Any:
        kinds.append(kind)
        return original(encoded, shape, kind)

    monkeypatch.setattr(kornia_rs.io, "decode_image_png_u8", noting)
    return kinds


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (FRAME, ["rgb"]),
        (png(RGB, 8, interlaced=True), ["rgb"]),
        (png(RGBA, 8), ["rgba"]),
        (png(GREY, 8), ["mono"]),
        (png(GREY, 4), []),
        (png(RGB, 16), []),
        (png(PALETTE, 8), []),
        (png(GREY_ALPHA, 8), []),
        (apng(default_is_a_frame=True), []),
    ],
)
def test_it_decodes_what_it_knows_once(taken: list[str], content: bytes, kinds: list[str]) -> None:
    decode(content, LIMIT)
    assert taken == kinds


@pytest.mark.parametrize("cut", [1, 4, 12, 13, 40])
def test_a_frame_without_its_last_bytes_is_refused(cut: int) -> None:
    with pytest.raises(RequestError) as caught:
        decode(FRAME[:-cut], LIMIT)
    assert caught.value.code == "corrupt_image"


def test_a_frame_with_a_wrong_checksum_is_refused() -> None:
    damaged = bytearray(FRAME)
    damaged[len(FRAME) - 12 - 2] ^= 1  # in front of IEND
    with pytest.raises(RequestError, match="truncated or corrupt"):
        decode(bytes(damaged), LIMIT)


def test_with_alpha_pillow_reads_on_where_only_the_end_is_missing() -> None:
    whole = png(RGBA, 8)
    np.testing.assert_array_equal(decode(whole[:-12], LIMIT), decode(whole, LIMIT))


def test_a_text_that_grows_without_end_is_refused() -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000)))
    with pytest.raises(RequestError, match="truncated or corrupt"):
        decode(png(RGB, 8, behind=text), LIMIT)


@pytest.mark.parametrize("color", [RGB, PALETTE])
def test_chunks_without_end_are_refused(color: int) -> None:
    some = chunk(b"tEXt", b"Comment\0")
    assert decode(png(color, 8, before=some * 450, behind=some * 450), LIMIT).shape == (43, 61, 3)
    for endless in (png(color, 8, before=some * 1001), png(color, 8, behind=some * 1001)):
        with pytest.raises(RequestError, match="more than 1000 chunks"):
            decode(endless, LIMIT)


class PanicException(BaseException):
    """What a panic of Rust is in Python: no Exception."""


def test_a_panic_of_the_decoder_is_a_damaged_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def panics(*_: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(kornia_rs.io, "decode_image_png_u8", panics)
    with pytest.raises(RequestError, match="index out of bounds"):
        decode(FRAME, LIMIT)


def test_ctrl_c_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kornia_rs.io, "decode_image_png_u8", interrupted)
    with pytest.raises(KeyboardInterrupt):
        decode(FRAME, LIMIT)


@pytest.mark.parametrize("content", [FRAME, saved(photograph(), "BMP")])
def test_want_of_memory_is_no_fault_of_the_picture(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("handler.pictures.png.np.empty", no_memory)
    monkeypatch.setattr("handler.pictures.pixels.np.zeros", no_memory)
    with pytest.raises(BusyError) as caught:
        decode(content, LIMIT)
    assert (caught.value.status, caught.value.retry_after) == (503, 2)


def test_opencv_s_want_of_memory_is_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        error = cv2.error("Insufficient memory")
        error.code = cv2.Error.StsNoMem
        raise error

    monkeypatch.setattr("handler.pictures.decoding.cv2.imdecode", no_memory)
    with pytest.raises(BusyError):
        decode(saved(photograph(), "WEBP"), LIMIT)
