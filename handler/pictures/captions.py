"""Captions: what stands on them, and where each finds a place of its own."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from handler.pictures.decoding import Picture

Color = tuple[int, int, int]
Extent = tuple[float, float, float, float]

_FONT_SIZES = 8  # sizes of which the font is kept
_TABLETS = 512  # captions that are kept: some 10 kB each
_LIGHT = 480  # of 765: a color on which black is easier to read


@lru_cache(_FONT_SIZES)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=height)


@lru_cache(_TABLETS)
def _tablet(text: str, height: int, color: Color) -> Picture:
    """Return a caption by itself, on `color` (BGR): white, or black where that is light."""
    font = _font(height)
    _, _, right, bottom = font.getbbox(f" {text} ")
    image = Image.new("L", (round(right), round(bottom) + height // 6))
    ImageDraw.Draw(image).text((0, 0), f" {text} ", fill=255, font=font)
    letters = np.asarray(image, np.float32)[..., None] / 255
    ground = np.array(color, np.float32)
    ink = 0 if sum(color) > _LIGHT else 255
    return np.asarray(ground + (ink - ground) * letters, np.uint8)


class Captions:
    """The captions of one picture: none covers another, and one that finds no place is left out."""

    def __init__(self, picture: Picture, height: int) -> None:
        self._picture = picture
        self.height = height
        self._taken: NDArray[np.int64] = np.zeros((0, 4), np.int64)

    def write(self, text: str, extent: Extent, color: Color) -> bool:
        """Write on `color` (BGR) by an object that reaches over `extent`, x1 y1 x2 y2.

        Returns whether there was a place for it.
        """
        rows, columns = self._picture.shape[:2]
        tablet = _tablet(text, self.height, color)[:rows, :columns]
        height, width = tablet.shape[:2]
        for x, y in _corners(extent, width, height):
            left = min(max(round(x), 0), columns - width)
            top = min(max(round(y), 0), rows - height)
            if self._is_free(left, top, left + width, top + height):
                self._taken = np.vstack([self._taken, (left, top, left + width, top + height)])
                self._picture[top : top + height, left : left + width] = tablet
                return True
        return False

    def _is_free(self, left: int, top: int, right: int, bottom: int) -> bool:
        taken = self._taken
        covers = (taken[:, 0] < right) & (taken[:, 2] > left)
        covers &= (taken[:, 1] < bottom) & (taken[:, 3] > top)
        return not covers.any()


def _corners(extent: Extent, width: int, height: int) -> Iterator[tuple[float, float]]:
    """Yield where a caption could begin, the best first: above, within, below, beside."""
    x1, y1, x2, y2 = extent
    for step in (0, height, 2 * height):
        yield x1, y1 - height - step
        yield x2 - width, y1 - height - step
        yield x1, y1 + step
        yield x1, y2 + step
        yield x2 - width, y2 + step
        yield x2, y1 + step
        yield x1 - width, y1 + step
