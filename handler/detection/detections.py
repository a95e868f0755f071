"""What a model found on one picture, in no one's format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

    def common(self, other: "Mask") -> int:
        """Return how many pixels another mask of the same picture shares."""
        ours, theirs = self._where_both_reach(other)
        return int((ours & theirs).sum())

    def agreement(self, other: "Mask") -> float | None:
        """Return how much of the smaller mask the other shares, where the boxes of both overlap.

        None where they do not.
        """
        ours, theirs = self._where_both_reach(other)
        if not ours.size:
            return None
        return int((ours & theirs).sum()) / max(min(int(ours.sum()), int(theirs.sum())), 1)

    def _where_both_reach(self, other: "Mask") -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the pixels of both masks in the part of the picture that both cut out."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom, right = (
            min(a.top + a.pixels.shape[0] for a in (self, other)),
            min(a.left + a.pixels.shape[1] for a in (self, other)),
        )
        if bottom <= top or right <= left:
            nothing = np.zeros((0, 0), bool)
            return nothing, nothing
        ours, theirs = (
            each.pixels[top - each.top : bottom - each.top, left - each.left : right - each.left]
            for each in (self, other)
        )
        return ours, theirs

    def iou(self, other: "Mask") -> float:
        """Return the overlap with another mask of the same picture, 0 to 1."""
        common = self.common(other)
        union = int(self.pixels.sum()) + int(other.pixels.sum()) - common
        return common / union if common else 0.0

    def united(self, other: "Mask") -> "Mask":
        """Return the mask of what either of two masks of the same picture covers."""
        if not (self.pixels.size and other.pixels.size):
            return self if self.pixels.size else other
        both = (self, other)
        left, top = min(each.left for each in both), min(each.top for each in both)
        bottom = max(each.top + each.pixels.shape[0] for each in both)
        right = max(each.left + each.pixels.shape[1] for each in both)
        pixels = np.zeros((bottom - top, right - left), bool)
        for each in both:
            rows, columns = each.pixels.shape
            y, x = each.top - top, each.left - left
            pixels[y : y + rows, x : x + columns] |= each.pixels
        return Mask(left, top, pixels)


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
        ValueError: a field is of another kind or length, or a number is NaN or infinite.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    angles: NDArray[np.float32] | None = None
    masks: Sequence[Mask] | None = None
    keypoints: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        _check_fields(self)
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

    def take(self, indices: NDArray[np.intp]) -> "Detections":
        """Return the objects of `indices`, (m,), in their order."""
        return Detections(
            boxes=self.boxes[indices],
            scores=self.scores[indices],
            classes=self.classes[indices],
            angles=None if self.angles is None else self.angles[indices],
            masks=None if self.masks is None else [self.masks[index] for index in indices],
            keypoints=None if self.keypoints is None else self.keypoints[indices],
        )

    def where(self, keep: NDArray[np.bool_]) -> "Detections":
        """Return the objects for which `keep`, (n,) bool, is True."""
        return self.take(np.flatnonzero(keep))

    def sorted(self) -> "Detections":
        """Return the objects, best first."""
        return self.take(np.argsort(-self.scores, kind="stable"))

    def moved(self, x: int, y: int) -> "Detections":
        """Return the objects `x` pixels further to the right and `y` further down."""
        offset = np.array([x, y], np.float32)
        masks, points = self.masks, self.keypoints
        return Detections(
            boxes=self.boxes + np.tile(offset, 2),
            scores=self.scores,
            classes=self.classes,
            angles=self.angles,
            masks=masks
            if masks is None
            else [Mask(mask.left + x, mask.top + y, mask.pixels) for mask in masks],
            keypoints=points if points is None else points + np.append(offset, np.float32(0)),
        )

    @classmethod
    def joined(cls, parts: Sequence["Detections"]) -> "Detections":
        """Return the objects of all parts, one after the other; there is at least one part."""
        parts = [part for part in parts if len(part)] or parts[:1]

        def together(name: str) -> Any:
            arrays = [getattr(part, name) for part in parts]
            return None if arrays[0] is None else np.concatenate(arrays)

        names = ("boxes", "scores", "classes", "angles", "keypoints")
        masks = [part.masks for part in parts if part.masks is not None]
        return cls(
            **{name: together(name) for name in names},
            masks=[mask for each in masks for mask in each] if masks else None,
        )


# What the fields are, for whoever makes them: the dimensions that come after n, and the kinds of
# numbers, as numpy names them.
_FIELDS = {
    "scores": ("a numpy array (n,) of numbers, float32", (), "fiu"),
    "boxes": ("a numpy array (n, 4) of numbers, float32", (4,), "fiu"),
    "classes": ("a numpy array (n,) of whole numbers, int64", (), "iu"),
    "angles": ("a numpy array (n,) of numbers, float32, in degrees", (), "fiu"),
    "keypoints": ("a numpy array (n, k, 3) of numbers, float32", (None, 3), "fiu"),
}


def _check_fields(found: Detections) -> None:
    """Name the first field that is not what it has to be."""
    count = len(found.scores) if isinstance(found.scores, np.ndarray) else None
    for name, (expected, sides, kinds) in _FIELDS.items():
        value = getattr(found, name)
        if value is None and name in ("angles", "keypoints"):
            continue
        if not isinstance(value, np.ndarray):
            raise ValueError(f"{name} has to be {expected}; it is a {type(value).__name__}")
        fits = len(value.shape) == len(sides) + 1 and all(
            side is None or side == own for side, own in zip(sides, value.shape[1:], strict=True)
        )
        if not fits or value.dtype.kind not in kinds:
            raise ValueError(f"{name} has to be {expected}; it is {value.shape} {value.dtype}")
        if len(value) != count:
            raise ValueError(
                f"{name} has {len(value)} rows, scores has {count}: one for each object"
            )
    masks = found.masks
    if masks is None:
        return
    if isinstance(masks, np.ndarray) or not all(isinstance(each, Mask) for each in masks):
        raise ValueError("masks has to be a list with a Mask.of(pixels) for each object")
    if len(masks) != count:
        raise ValueError(f"masks has {len(masks)} rows, scores has {count}, one an object")
