"""A picture made to fit the network: scaled, and padded in grey."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.images import Picture

GREY = 114


@dataclass(frozen=True)
class Letterbox:
    """How a picture of `width` x `height` pixels lies in what the network sees.

    scale: pixels of the network for one of the picture. left, top: of the padding, before rounding.
    """

    width: int
    height: int
    scale: float
    left: float
    top: float

    @classmethod
    def fit(cls, picture: Picture, size: int, stride: int) -> tuple[Picture, "Letterbox"]:
        """Scale a picture's longer side to `size`, and pad its sides to multiples of `stride`.

        This is the arithmetic of YOLOv5's detect.py and of ultralytics' predict.
        """
        height, width = picture.shape[:2]
        scale = min(size / height, size / width)
        inner = (round(width * scale), round(height * scale))
        left, top = ((-side % stride) / 2 for side in inner)
        if inner != (width, height):
            picture = np.asarray(cv2.resize(picture, inner), np.uint8)
        padded = cv2.copyMakeBorder(
            picture,
            round(top - 0.1),
            round(top + 0.1),
            round(left - 0.1),
            round(left + 0.1),
            cv2.BORDER_CONSTANT,
            value=(GREY, GREY, GREY),
        )
        return np.asarray(padded, np.uint8), cls(width, height, scale, left, top)

    def undo(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return boxes (n, 4), x1 y1 x2 y2, of the network in pixels of the picture, clamped."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        limits = np.array([self.width, self.height] * 2, np.float32)
        scaled = (boxes - offset) / np.float32(self.scale)
        return np.asarray(np.clip(scaled, 0, limits), np.float32)
