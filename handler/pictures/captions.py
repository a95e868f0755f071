"""Words on a picture: a caption for each shape, none on top of another."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from handler.pictures.decoding import Picture

Color = tuple[int, int, int]


class Captions:
    """The captions of one picture (BGR); `height` is that of the text, in pixels."""

    def __init__(self, picture: Picture, height: int) -> None:
        self.height = height
        self._picture = picture
        self._font = ImageFont.load_default(size=height)
        self._taken = np.zeros((0, 4), np.int64)  # x1 y1 x2 y2

    def write(self, text: str, box: tuple[float, float, float, float], color: Color) -> bool:
        """Write `text` at a shape's box x1 y1 x2 y2, where there is room; tell whether there was.

        Tried are the places above its top left corner, inside it, below it and beside it.
        """
        words = _rendered(self._font, text)
        rows, columns = words.shape
        for left, top in self._places(box, columns, rows):
            place = np.array([left, top, left + columns, top + rows])
            if not self._is_taken(place):
                self._taken = np.vstack([self._taken, place])
                self._blend(words, left, top, color)
                return True
        return False

    def _places(
        self, box: tuple[float, float, float, float], columns: int, rows: int
    ) -> Iterator[tuple[int, int]]:
        height, width = self._picture.shape[:2]
        x1, y1, x2, y2 = (round(value) for value in box)
        for left, top in ((x1, y1 - rows), (x1, y1), (x1, y2), (x2, y1)):
            yield max(0, min(left, width - columns)), max(0, min(top, height - rows))

    def _is_taken(self, place: NDArray[np.int64]) -> bool:
        taken = self._taken
        return bool(
            (
                (taken[:, 0] < place[2])
                & (place[0] < taken[:, 2])
                & (taken[:, 1] < place[3])
                & (place[1] < taken[:, 3])
            ).any()
        )

    def _blend(self, words: NDArray[np.float32], left: int, top: int, color: Color) -> None:
        height, width = self._picture.shape[:2]
        words = words[: height - top, : width - left, None]
        rows, columns = words.shape[:2]
        ink = 0 if sum(color) > 480 else 255  # dark on what is light
        painted = ink * words + np.array(color[::-1], np.float32) * (1 - words)
        self._picture[top : top + rows, left : left + columns] = painted.round().astype(np.uint8)


@lru_cache(maxsize=4096)
def _rendered(font: ImageFont.FreeTypeFont, text: str) -> NDArray[np.float32]:
    """Return how much of each pixel is ink, 0 to 1, with a margin around the words."""
    ascent, descent = font.getmetrics()
    mask = font.getmask(text, mode="L", anchor="ls", start=(0, 0))
    left, top, _, _ = font.getbbox(text, anchor="ls")
    margin = max(2, ascent // 6)
    width = round(font.getlength(text)) + 2 * margin
    ink = np.asarray(mask, np.float32).reshape(mask.size[::-1]) / 255
    words = np.zeros((ascent + descent, width), np.float32)
    row, column = max(0, ascent + round(top)), max(0, margin + round(left))
    ink = ink[: words.shape[0] - row, : words.shape[1] - column]
    words[row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    return words
