"""What a model found on one picture, in no one's format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Mask:
    """The pixels of one object, cut out where it lies.

    left, top: the picture's pixel that `pixels[0, 0]` is.
    pixels: (height, width) bool, True on the object.
    """

    left: int
    top: int
    pixels: NDArray[np.bool_]

    @classmethod
    def of(cls, pixels: NDArray[Any], left: int = 0, top: int = 0) -> "Mask":
        """Return the tightest mask of `pixels`; what is not 0 belongs to the object."""
        belongs = np.asarray(pixels, dtype=bool)
        rows, columns = (np.flatnonzero(belongs.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return cls(left, top, np.zeros((0, 0), bool))
        y, x = int(rows[0]), int(columns[0])
        return cls(left + x, top + y, belongs[y : rows[-1] + 1, x : columns[-1] + 1])

    def within(self, width: int, height: int) -> NDArray[np.bool_]:
        """Return the mask as (height, width) bool, of the whole picture."""
        whole = np.zeros((height, width), bool)
        rows, columns = self.pixels.shape
        whole[self.top : self.top + rows, self.left : self.left + columns] = self.pixels
        return whole

    def iou(self, other: "Mask") -> float:
        """Return the overlap with another mask of the same picture, 0 to 1."""
        (rows, columns), (other_rows, other_columns) = self.pixels.shape, other.pixels.shape
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = min(self.top + rows, other.top + other_rows)
        right = min(self.left + columns, other.left + other_columns)
        if bottom <= top or right <= left:
            return 0.0
        ours, theirs = (
            each.pixels[top - each.top : bottom - each.top, left - each.left : right - each.left]
            for each in (self, other)
        )
        common = int((ours & theirs).sum())
        return common / (int(self.pixels.sum()) + int(other.pixels.sum()) - common)


@dataclass(frozen=True, eq=False)
class Detection:
    """One object, in plain numbers; see `Detections` for their units."""

    box: list[float]
    score: float
    class_index: int
    angle: float
    mask: Mask | None
    keypoints: list[list[float]] | None


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects on one picture, best first, in its own pixels.

    boxes: (n, 4) float32, x1 y1 x2 y2 in pixels of the picture; with `angles` the box as it is
        before it is turned about its centre. Of a classified picture the whole picture.
    scores: (n,) float32, 0 to 1.
    classes: (n,) int, indices into the model's class list.
    angles: (n,) float32, degrees, clockwise on the screen; None where boxes are upright.
    masks: n masks.
    keypoints: (n, k, 3) float32, x and y in pixels and how sure the model is of each, 0 to 1.

    Raises:
        ValueError: the lengths differ, or a number is NaN or infinite.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    angles: NDArray[np.float32] | None = None
    masks: Sequence[Mask] | None = None
    keypoints: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.scores)
        optional = [each for each in (self.angles, self.masks, self.keypoints) if each is not None]
        if (
            self.boxes.shape != (count, 4)
            or self.classes.shape != (count,)
            or any(len(each) != count for each in optional)
        ):
            raise ValueError(
                f"boxes {self.boxes.shape}, scores {self.scores.shape} and "
                f"classes {self.classes.shape} do not describe the same objects"
            )
        numbers = (self.boxes, self.scores, self.angles, self.keypoints)
        if not all(np.isfinite(each).all() for each in numbers if each is not None):
            raise ValueError("the model answered with NaN or infinite numbers")

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Detection]:
        count = len(self)
        for box, score, class_index, angle, mask, keypoints in zip(
            self.boxes.tolist(),
            self.scores.tolist(),
            self.classes.tolist(),
            [0.0] * count if self.angles is None else self.angles.tolist(),
            [None] * count if self.masks is None else self.masks,
            [None] * count if self.keypoints is None else self.keypoints.tolist(),
            strict=True,
        ):
            yield Detection(box, score, class_index, angle, mask, keypoints)

    def where(self, keep: NDArray[np.bool_]) -> "Detections":
        """Return the objects for which `keep`, (n,) bool, is True."""
        return Detections(
            boxes=self.boxes[keep],
            scores=self.scores[keep],
            classes=self.classes[keep],
            angles=None if self.angles is None else self.angles[keep],
            masks=None if self.masks is None else list(compress(self.masks, keep)),
            keypoints=None if self.keypoints is None else self.keypoints[keep],
        )
