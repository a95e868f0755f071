"""Every kind of picture that is served, whole and damaged, has the pixels of CVAT's rule."""

import contextlib
import io
import random

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from handler.errors import RequestError
from handler.pictures.decoding import decode
from handler.pictures.opening import FORMATS
from tests.pictures.kinds import all_kinds

LIMIT = 1_000_000
CODES = {"corrupt_image", "not_an_image", "image_too_large", "empty_image"}
KINDS = all_kinds()
OPEN = Image.open  # before ultralytics replaces it

# Pillow warns of damaged metadata, as it goes on.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def like_cvat(encoded: bytes) -> NDArray[np.uint8]:
    """Return RGB pixels by the lines of CVAT's `media_extractors.py`."""
    with OPEN(io.BytesIO(encoded), formats=FORMATS) as source:
        if source.width * source.height > LIMIT:
            raise ValueError
        image = ImageOps.exif_transpose(source)
    if image.mode == "I":
        values = np.asarray(image, np.float64)
        image = Image.fromarray((values * (256 / max(values.max(), 1))).clip(0, 255).astype("u1"))
    elif image.mode.startswith("I;16"):
        image = ImageOps.equalize(Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)))
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_has_the_pixels_that_cvat_shows(kind: str) -> None:
    picture = decode(KINDS[kind], LIMIT)
    np.testing.assert_array_equal(picture[..., ::-1], like_cvat(KINDS[kind]))
    assert picture.flags.c_contiguous
    assert picture.flags.writeable


def _damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return a picture with flipped bits, missing or inserted bytes, or without its end."""
    content, place = bytearray(whole), chance.randrange(len(whole))
    way = chance.randrange(5)
    if way < 2:  # the header is short, and most of what matters is there
        for _ in range(chance.choice((1, 1, 4))):
            content[chance.randrange(len(content) if way else 100)] ^= 1 << chance.randrange(8)
    elif way == 2:
        del content[place:]
    elif way == 3:
        del content[place : place + chance.randrange(1, 40)]
    else:
        content[place:place] = chance.randbytes(chance.randrange(1, 40))
    return bytes(content)


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_damaged_picture_come_cvat_s_pixels_or_one_line(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(kind)  # noqa: S311 - the same damage each time
    refused: list[RequestError] = []
    for _ in range(30):
        damaged = _damaged(KINDS[kind], chance)
        try:
            picture = decode(damaged, LIMIT)
        except RequestError as error:
            refused.append(error)
            continue
        with contextlib.suppress(OSError):  # of a damaged WebP OpenCV reads more than Pillow
            np.testing.assert_array_equal(picture[..., ::-1], like_cvat(damaged))
    assert {error.status for error in refused} == {400}
    assert {error.code for error in refused} <= CODES
    assert capfd.readouterr().err == ""
