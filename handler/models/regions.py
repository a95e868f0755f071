"""Objects from a class for every pixel, as models of the task semantic give it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections, Mask

# Without being told to, nobody annotates these.
_BACKGROUND = ("background", "__background__", "_background_")


def left_out(background: Sequence[str]) -> frozenset[str]:
    """Return the names of classes that are no objects: `background`, and what is usual."""
    return frozenset((*background, *_BACKGROUND))


@dataclass(frozen=True)
class Regions:
    """How pixels become objects.

    classes: the names, in index order; of a single one the pixels are 1, and 0 elsewhere.
    background: the names of classes that are no objects, beside those of that meaning.
    separate: each connected part is an object; else a class is one, wherever it lies.
    most: how many objects there are at most, the largest.
    """

    classes: Sequence[str]
    background: Sequence[str] = ()
    separate: bool = False
    most: int | None = None

    def read(self, pixels: NDArray[Any]) -> Detections:
        """Return the objects of (height, width) class numbers, the largest first; each scores 1."""
        if len(self.classes) == 1:
            pixels = np.where(pixels == 1, 0, 1)
        unseen = left_out(self.background)
        found = [
            (mask, index)
            for index, name in enumerate(self.classes)
            if name not in unseen
            for mask in self._masks(pixels == index)
        ]
        found.sort(key=lambda each: -int(each[0].pixels.sum()))
        masks = [mask for mask, _ in found[: self.most]]
        return Detections(
            boxes=np.array([_box(mask) for mask in masks], np.float32).reshape(-1, 4),
            scores=np.ones(len(masks), np.float32),
            classes=np.array([index for _, index in found[: self.most]], np.int64),
            masks=masks,
        )

    def _masks(self, belongs: NDArray[np.bool_]) -> Iterator[Mask]:
        if not self.separate:
            if belongs.any():
                yield Mask.of(belongs)
            return
        count, labels, places, _ = cv2.connectedComponentsWithStats(belongs.astype(np.uint8))
        for number in range(1, count):
            left, top, width, height = (int(side) for side in places[number][:4])
            part = labels[top : top + height, left : left + width] == number
            yield Mask.of(part, left, top)


def _box(mask: Mask) -> tuple[int, int, int, int]:
    height, width = mask.pixels.shape
    return mask.left, mask.top, mask.left + width, mask.top + height
