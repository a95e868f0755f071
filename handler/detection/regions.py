"""What objects cover of a picture: how much two of them share, and what both cover together.

Three kinds: upright boxes, oriented boxes, masks. Each holds n regions that can grow.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from handler.detection.convex import common_areas
from handler.detection.corners import corners_of
from handler.detection.detections import Detections, Mask

Indices = NDArray[np.intp]
Areas = NDArray[np.float64]


class Regions(Protocol):
    """n regions of a picture.

    extents: (n, 4) float32, the upright boxes around them, x1 y1 x2 y2. areas: (n,), in pixels.
    grows: whether two sightings of one object are united, or the better of them is kept.
    """

    extents: NDArray[np.float32]
    areas: Areas
    grows: bool

    def common(self, index: int, others: Indices) -> Areas:
        """Return the area that one region shares with each of some others, (m,)."""

    def fill(self, one: int, other: int) -> float:
        """Return how much of the box around two regions they cover; 1 of an object's two halves.

        Of masks: how much they agree where the boxes of both are, if they overlap.
        """

    def unite(self, index: int, other: int) -> None:
        """Let a region cover what another covers, too."""

    def replace(self, index: int, other: int) -> None:
        """Let a region be what another is."""

    def placed(self, found: Detections, keep: Indices, source: Indices) -> Detections:
        """Return the objects `keep` of `found` with their regions, and keypoints of `source`."""


class Upright:
    """Upright boxes; their keypoints, if any, go along."""

    grows = True

    def __init__(self, found: Detections) -> None:
        self.extents = found.boxes.copy()
        self.areas = _areas(self.extents)

    def common(self, index: int, others: Indices) -> Areas:
        return _common(self.extents[index], self.extents[others])

    def fill(self, one: int, other: int) -> float:
        return _fill(self.extents[one], self.extents[other])

    def unite(self, index: int, other: int) -> None:
        self.extents[index] = _around(self.extents[index], self.extents[other])
        self.areas[index] = _areas(self.extents[index])

    def replace(self, index: int, other: int) -> None:
        self.extents[index] = self.extents[other]
        self.areas[index] = self.areas[other]

    def placed(self, found: Detections, keep: Indices, source: Indices) -> Detections:
        points = None if found.keypoints is None else found.keypoints[source]
        return Detections(
            self.extents[keep], found.scores[keep], found.classes[keep], keypoints=points
        )


class Oriented:
    """Oriented boxes, which share what their turned outlines share."""

    grows = False

    def __init__(self, found: Detections, angles: NDArray[np.float32]) -> None:
        self._boxes = found.boxes.copy()
        self._angles = angles.copy()
        self._corners = corners_of(found.boxes, angles)
        self.extents = extents_of(found)
        self.areas = _areas(self._boxes)

    def common(self, index: int, others: Indices) -> Areas:
        return common_areas(self._corners[index], self._corners[others])

    def fill(self, one: int, other: int) -> float:
        box, _ = self._around(one, other)
        (common,) = self.common(one, np.array([other]))
        return float((self.areas[one] + self.areas[other] - common) / _areas(box))

    def unite(self, index: int, other: int) -> None:
        self._boxes[index], self._angles[index] = self._around(index, other)
        self._refresh(index)

    def _around(self, one: int, other: int) -> tuple[NDArray[np.float64], float]:
        """Return the box around both, turned as the larger of them is, and its angle."""
        larger = one if self.areas[one] >= self.areas[other] else other
        angle = float(self._angles[larger])
        turn = np.radians(angle)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        along = self._corners[[one, other]].reshape(-1, 2) @ axes.T
        low, high = along.min(axis=0), along.max(axis=0)
        centre, half = (low + high) / 2 @ axes, (high - low) / 2
        return np.concatenate([centre - half, centre + half]), angle

    def replace(self, index: int, other: int) -> None:
        self._boxes[index] = self._boxes[other]
        self._angles[index] = self._angles[other]
        self._refresh(index)

    def _refresh(self, index: int) -> None:
        (corners,) = corners_of(self._boxes[[index]], self._angles[[index]])
        self._corners[index] = corners
        self.extents[index] = [*corners.min(axis=0), *corners.max(axis=0)]
        self.areas[index] = _areas(self._boxes[index])

    def placed(self, found: Detections, keep: Indices, _: Indices) -> Detections:
        return Detections(
            self._boxes[keep], found.scores[keep], found.classes[keep], angles=self._angles[keep]
        )


class Masks:
    """Masks, which share pixels."""

    grows = True

    def __init__(self, found: Detections, masks: Sequence[Mask]) -> None:
        self.extents = found.boxes.copy()
        self._masks = list(masks)
        self.areas = np.array([mask.pixels.sum() for mask in masks], np.float64)

    def common(self, index: int, others: Indices) -> Areas:
        mask = self._masks[index]
        return np.array([mask.common(self._masks[other]) for other in others], np.float64)

    def fill(self, one: int, other: int) -> float:
        agreement = self._masks[one].agreement(self._masks[other])
        return _fill(*self.extents[[one, other]]) if agreement is None else agreement

    def unite(self, index: int, other: int) -> None:
        self.extents[index] = _around(self.extents[index], self.extents[other])
        self._masks[index] = self._masks[index].united(self._masks[other])
        self.areas[index] = self._masks[index].pixels.sum()

    def replace(self, index: int, other: int) -> None:
        self.extents[index] = self.extents[other]
        self._masks[index] = self._masks[other]
        self.areas[index] = self.areas[other]

    def placed(self, found: Detections, keep: Indices, _: Indices) -> Detections:
        masks = [self._masks[index] for index in keep]
        return Detections(self.extents[keep], found.scores[keep], found.classes[keep], masks=masks)


def regions_of(found: Detections) -> Regions:
    """Return what objects cover: their masks, else their boxes."""
    if found.masks is not None:
        return Masks(found, found.masks)
    return Upright(found) if found.angles is None else Oriented(found, found.angles)


def extents_of(found: Detections) -> NDArray[np.float32]:
    """Return the upright boxes around objects, (n, 4), x1 y1 x2 y2."""
    if found.angles is None:
        return found.boxes
    points = corners_of(found.boxes, found.angles)
    return np.asarray(np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1), np.float32)


def _areas(boxes: NDArray[np.floating[Any]]) -> Areas:
    return np.asarray(np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1), np.float64)


def _common(box: NDArray[np.float32], others: NDArray[np.float32]) -> Areas:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return np.asarray(np.maximum(sides, 0).prod(axis=1), np.float64)


def _around(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def _fill(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    (common,) = _common(one, other[None])
    return float((_areas(one) + _areas(other) - common) / _areas(_around(one, other)))
