import base64
import contextlib
import io
import itertools
import struct
import zlib

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps
from ultralytics.utils import ASSETS

from handler.errors import RequestError
from handler.pictures.decoding import decode, from_base64, from_pillow

LIMIT = 100_000_000
PHOTOGRAPH = (ASSETS / "zidane.jpg").read_bytes()


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    return Image.open(io.BytesIO(PHOTOGRAPH)).convert("RGB").resize((320, 180))


def as_rgb(encoded_image: bytes) -> NDArray[np.uint8]:
    return np.asarray(decode(encoded_image, LIMIT)[..., ::-1])


def test_base64_is_decoded_with_and_without_line_breaks() -> None:
    assert from_base64(base64.b64encode(PHOTOGRAPH).decode()) == PHOTOGRAPH
    assert from_base64(base64.encodebytes(PHOTOGRAPH).decode()) == PHOTOGRAPH


@pytest.mark.parametrize("text", ["abc", "äöü=", "a$b=", "data:image/png;base64,AAAA"])
def test_what_is_not_base64_is_said_to_be_so(text: str) -> None:
    with pytest.raises(RequestError, match="not base64") as caught:
        from_base64(text)
    assert caught.value.code == "not_base64"


def test_a_jpeg_has_the_pixels_that_ultralytics_would_read() -> None:
    expected = cv2.imread(str(ASSETS / "zidane.jpg"))
    np.testing.assert_array_equal(decode(PHOTOGRAPH, LIMIT), expected)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_of_any_kind_has_opencv_s_pixels(
    photograph: Image.Image, mode: str, progressive: bool, subsampling: str
) -> None:
    odd = photograph.convert(mode).crop((0, 0, 213, 121))
    content = encoded(odd, "JPEG", progressive=progressive, subsampling=subsampling)
    expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode(content, LIMIT), expected)


def test_damage_that_opencv_repairs_is_repaired(photograph: Image.Image) -> None:
    whole = encoded(photograph, "JPEG", restart_marker_rows=1)
    damaged = whole.replace(b"\xff\xd3", b"\xff\xd5", 1)
    with pytest.raises(ValueError, match="orrupt JPEG"):
        simplejpeg.decode_jpeg(damaged)
    expected = cv2.imdecode(np.frombuffer(damaged, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode(damaged, LIMIT), expected)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [*itertools.product(["PNG", "BMP", "TIFF", "GIF"], ["RGB", "L", "P", "1"]), ("PPM", "RGB")],
)
def test_lossless_formats_have_the_pixels_that_pillow_gives(
    photograph: Image.Image, kind: str, mode: str
) -> None:
    content = encoded(photograph.convert(mode), kind)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(as_rgb(content), expected)


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("TIFF", "RGBA")])
def test_alpha_is_dropped_as_cvat_drops_it(photograph: Image.Image, kind: str, mode: str) -> None:
    image = photograph.convert(mode)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    np.testing.assert_array_equal(as_rgb(encoded(image, kind)), np.asarray(image.convert("RGB")))


def test_a_transparent_palette_keeps_its_colours(photograph: Image.Image) -> None:
    image = photograph.convert("P")
    content = encoded(image, "PNG", transparency=3)
    np.testing.assert_array_equal(as_rgb(content), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("quality", [75, 95])
def test_cmyk_jpeg_is_converted_by_pillow(photograph: Image.Image, quality: int) -> None:
    content = encoded(photograph.convert("CMYK"), "JPEG", quality=quality)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(as_rgb(content), expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(
    photograph: Image.Image, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photograph, kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    actual = as_rgb(content)
    assert actual.shape == expected.shape
    # The two libjpeg-turbo builds may round differently.
    assert np.abs(actual.astype(int) - expected).max() <= 4


def test_sixteen_bit_grey_is_cut_and_equalised(photograph: Image.Image) -> None:
    grey = np.asarray(photograph.convert("L"))
    content = encoded(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")
    expected = np.asarray(ImageOps.equalize(Image.fromarray(grey)).convert("RGB"))
    np.testing.assert_array_equal(as_rgb(content), expected)


def test_thirty_two_bit_grey_is_scaled_to_its_largest_value(photograph: Image.Image) -> None:
    grey = np.asarray(photograph.convert("L")).astype(np.int32) * 100
    actual = as_rgb(encoded(Image.fromarray(grey), "TIFF"))
    expected = np.clip(grey * (256 / grey.max()), 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(actual[..., 0], expected)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(photograph: Image.Image, kind: str) -> None:
    frames = [ImageOps.invert(photograph), ImageOps.mirror(photograph)]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(photograph, kind, save_all=True, append_images=frames, **options)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(as_rgb(content), expected)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *itertools.product(["JPEG", "PNG", "WEBP", "BMP", "TIFF", "JPEG2000", "AVIF"], ["RGB"]),
        *itertools.product(["PNG", "WEBP", "TIFF", "JPEG2000", "AVIF"], ["RGBA"]),
        *itertools.product(["JPEG", "TIFF"], ["CMYK"]),
    ],
)
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_picture_is_refused(
    photograph: Image.Image, kind: str, mode: str, kept: float
) -> None:
    content = encoded(photograph.convert(mode), kind)
    with pytest.raises(RequestError) as caught:
        decode(content[: int(len(content) * kept)], LIMIT)
    assert caught.value.code in ("corrupt_image", "not_an_image")


def test_a_jpeg_without_its_last_bytes_is_refused() -> None:
    with pytest.raises(RequestError, match="truncated or corrupt"):
        decode(PHOTOGRAPH[:-200], LIMIT)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_image"),
        (b"hello, world", "not_an_image"),
        (b"\xff\xd8\xff\xe0", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_an_image"),
    ],
)
def test_what_is_no_picture_is_said_to_be_so(content: bytes, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        decode(content, LIMIT)
    assert caught.value.code == code


def _bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(RequestError, match="60000x60000") as caught:
        decode(_bomb(60_000, 60_000), LIMIT)
    assert caught.value.code == "image_too_large"


def test_the_limit_on_pixels_is_exact(photograph: Image.Image) -> None:
    content = encoded(photograph, "PNG")
    assert decode(content, 320 * 180).shape == (180, 320, 3)
    with pytest.raises(RequestError, match="more than the limit of 57599"):
        decode(content, 320 * 180 - 1)


def test_random_damage_never_gets_past_an_error() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(PHOTOGRAPH[:20_000])
        for position in random.integers(0, len(damaged), 20):
            damaged[position] = random.integers(0, 256)
        with contextlib.suppress(RequestError):
            assert decode(bytes(damaged), LIMIT).dtype == np.uint8


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "P"),
        ("PNG", "LA"), ("PNG", "RGBA"), ("PNG", "I;16"), ("PNG", "1"), ("WEBP", "RGBA"),
        ("TIFF", "RGB"), ("TIFF", "I;16"), ("TIFF", "F"), ("BMP", "P"), ("GIF", "P"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("orientation", [1, 6])
def test_what_pillow_has_read_becomes_the_same_pixels(
    photograph: Image.Image, kind: str, mode: str, orientation: int
) -> None:
    image = photograph.convert("L").convert("I;16") if mode == "I;16" else photograph.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    keeps_exif = kind in ("JPEG", "PNG", "WEBP", "TIFF")
    whole = encoded(image, kind, **({"exif": exif} if keeps_exif else {}))
    with io.BytesIO(whole) as stream:  # which cvat-sdk closes before it calls a function
        read = Image.open(stream)
        read.load()
    pixels = from_pillow(read, LIMIT)
    np.testing.assert_array_equal(pixels, decode(whole, LIMIT))
    assert pixels.flags.c_contiguous


def test_what_pillow_has_read_can_be_too_large(photograph: Image.Image) -> None:
    with pytest.raises(RequestError, match="320x180 pixels, more than the limit of 100"):
        from_pillow(photograph, 100)
