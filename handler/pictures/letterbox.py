"""A picture made to fit the network: scaled, and padded in grey."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.pictures.decoding import Picture

GREY = 114


@dataclass(frozen=True)
class Letterbox:
    """How a picture of `width` x `height` pixels lies in what the network sees.

    scale: pixels of the network for one of the picture, across and down.
    left, top: of the padding, in pixels of the network; YOLOv5 does not round them.
    clamps: boxes end where the picture does; ultralytics lets those of RT-DETR reach beyond.
    """

    width: int
    height: int
    scale: tuple[float, float]
    left: float
    top: float
    clamps: bool = True

    @classmethod
    def fit(
        cls, picture: Picture, size: tuple[int, int], stride: int | None
    ) -> tuple[Picture, "Letterbox"]:
        """Scale a picture to lie within `size`, (height, width), and pad it.

        With a stride the sides are padded to its next multiple, without one to `size`. This is the
        arithmetic of YOLOv5's detect.py and of ultralytics' predict.
        """
        height, width = picture.shape[:2]
        scale = min(size[0] / height, size[1] / width)
        inner = (max(round(width * scale), 1), max(round(height * scale), 1))
        margins = (size[1] - inner[0], size[0] - inner[1])
        left, top = ((margin if stride is None else margin % stride) / 2 for margin in margins)
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
        return np.asarray(padded, np.uint8), cls(width, height, (scale, scale), left, top)

    @classmethod
    def stretch(cls, picture: Picture, size: tuple[int, int]) -> tuple[Picture, "Letterbox"]:
        """Scale a picture to `size`, (height, width), whatever its own proportions."""
        height, width = picture.shape[:2]
        seen = np.asarray(cv2.resize(picture, size[::-1]), np.uint8)
        return seen, cls(width, height, (size[1] / width, size[0] / height), 0, 0, clamps=False)

    def in_whole_pixels(self, seen: Picture) -> "Letterbox":
        """Return where ultralytics takes the picture to lie in what the network has `seen`."""
        gain = min(seen.shape[1] / self.width, seen.shape[0] / self.height)
        inner = (max(round(self.width * gain), 1), max(round(self.height * gain), 1))
        return replace(
            self,
            scale=(inner[0] / self.width, inner[1] / self.height),
            left=round((seen.shape[1] - inner[0]) / 2 - 0.1),
            top=round((seen.shape[0] - inner[1]) / 2 - 0.1),
        )

    def undo(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return boxes (n, 4), x1 y1 x2 y2, of the network in pixels of the picture."""
        points = self.undo_points(boxes.reshape(-1, 2, 2))
        if self.clamps:
            points = np.clip(points, 0, np.array([self.width, self.height], np.float32))
        return np.asarray(points.reshape(-1, 4), np.float32)

    def undo_points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return points (..., 2), x and y, of the network in pixels of the picture."""
        offset = np.array([self.left, self.top], np.float32)
        return np.asarray((points - offset) / np.array(self.scale, np.float32), np.float32)

    def undo_pixels(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return what the network says of each of its pixels for those of the picture, the nearest.

        The arithmetic is that of torch's `interpolate(mode="nearest")`, in single precision.
        pixels: (rows, columns), as the network has seen the picture, in whole pixels.
        """
        inner = [round(scale * side) for scale, side in zip(self.scale, self._sides, strict=True)]
        places = [
            start
            + np.minimum(
                np.arange(side, dtype=np.float32) * np.float32(content / side), content - 1
            )
            for start, side, content in zip((self.left, self.top), self._sides, inner, strict=True)
        ]
        columns, rows = (np.asarray(each, np.intp) for each in places)
        return np.asarray(pixels[np.ix_(rows, columns)])

    @property
    def _sides(self) -> tuple[int, int]:
        return self.width, self.height
