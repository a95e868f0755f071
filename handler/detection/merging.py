"""One object for each that several overlapping tiles have seen.

What is one object is decided as SAHI decides it (https://github.com/obss/sahi,
`postprocess/combine.py`): from the best object on, those of its class that overlap it by
`threshold` or more are the same. `iou` is the intersection over the union, `ios` over the smaller
of both. With `greedy` (SAHI's GREEDYNMM) the object grows to cover them, as long as it overlaps;
with `nms` (SAHI's NMS) they go.

Beyond SAHI, which knows nothing of the tiles' edges: what a tile's inner edge cuts gives way to the
whole object, and with `greedy` two halves of an object that no tile sees whole become one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.detection.neighbours import Neighbours
from handler.detection.regions import Areas, Indices, regions_of

# By `iou` so much of what is cut has to lie within an object to be a part of it.
_PART = 0.8
# So much of the box around two halves they have to fill, to be those of one object.
_FILLED = 0.8
_AXES = _ACROSS, _DOWN = 0, 1
_TOUCHING = 2.0  # pixels apart, at most


@dataclass(frozen=True)
class Rule:
    """How objects are merged.

    method: greedy, nms or none. metric: ios or iou. threshold: 0 to 1. agnostic: objects of
    different classes can be one, too, of the class that scores higher.
    """

    method: str = "greedy"
    metric: str = "ios"
    threshold: float = 0.5
    agnostic: bool = False


def merge(found: Detections, cuts: NDArray[np.bool_], rule: Rule) -> Detections:
    """Return the objects that all tiles have found, each once, best first.

    found: what the tiles found, in pixels of the picture. cuts: (n, 4), at which inner edges of its
    tile each may be cut: left, top, right, bottom.
    """
    if rule.method == "none" or len(found) < 2:
        return found.sorted()
    return _Merging(found, cuts, rule).result()


class _Merging:
    """Objects under way: `alive` are those that are left."""

    def __init__(self, found: Detections, cuts: NDArray[np.bool_], rule: Rule) -> None:
        self.found = found
        self.rule = rule
        self.regions = regions_of(found)
        self.cuts = cuts.copy()
        self.scores = found.scores.copy()
        self.source = np.arange(len(found))  # of the keypoints
        self.alive = np.ones(len(found), bool)
        self.greedy = rule.method == "greedy"

    def result(self) -> Detections:
        classes = np.zeros_like(self.found.classes) if self.rule.agnostic else self.found.classes
        for number in np.unique(classes):
            members = np.flatnonzero(classes == number)
            self._gather(members)
            self._absorb_parts(members[self.alive[members]])
            if self.greedy:
                self._join_halves(members[self.alive[members]])
                self._absorb_parts(members[self.alive[members]])
        keep = np.flatnonzero(self.alive)
        best = Detections(
            self.found.boxes, self.scores, self.found.classes, keypoints=self.found.keypoints
        )
        return self.regions.placed(best, keep, self.source[keep]).sorted()

    def _gather(self, members: Indices) -> None:
        """Give each object, the best first, what overlaps it enough."""
        order = members[_best_first(self.regions.extents[members], self.scores[members])]
        rank = np.empty(len(self.alive), np.intp)
        rank[order] = np.arange(len(order))
        left = Neighbours(self.regions.extents, members)
        for index in order:
            if not self.alive[index]:
                continue
            left.remove(index)
            near = left.of(self.regions.extents[index])
            if not len(near):
                continue
            same = near[self._overlaps(index, near) >= self.rule.threshold]
            self.alive[same] = False
            for other in same[np.argsort(rank[same])]:
                left.remove(other)
                self._take(index, other)

    def _take(self, index: int, other: int) -> None:
        """Let an object be one with another, which scores less."""
        if self.greedy and self.regions.grows:
            (grown,) = self._overlaps(index, np.array([other]))
            if grown >= self.rule.threshold:
                self._unite(index, other)
        elif self.greedy and any(self._are_halves(index, other, axis) for axis in _AXES):
            self._unite(index, other)
        elif self._sees_more(other, index) and (self.greedy or not self.cuts[other].any()):
            self._replace(index, other)

    def _unite(self, index: int, other: int) -> None:
        if self._sees_more(other, index):
            self.source[index] = self.source[other]
        boxes, cuts = self.regions.extents[[index, other]], self.cuts[[index, other]]
        self.cuts[index] = _cuts_of_both(boxes, cuts)
        self.regions.unite(index, other)
        self.scores[index] = max(self.scores[index], self.scores[other])

    def _replace(self, index: int, other: int) -> None:
        self.regions.replace(index, other)
        self.source[index] = self.source[other]
        self.cuts[index] = self.cuts[other]
        if not self.greedy:
            self.scores[index] = self.scores[other]

    def _sees_more(self, one: int, other: int) -> bool:
        """Tell whether one sighting is of more of the object than another, which is cut."""
        larger = self.regions.areas[one] > self.regions.areas[other]
        return bool(self.cuts[other].any() and (not self.cuts[one].any() or larger))

    def _absorb_parts(self, members: Indices) -> None:
        """Drop what is cut beside its whole, which another part, that scores more, has taken."""
        needed = self.rule.threshold if self.rule.metric == "ios" else _PART
        left = Neighbours(self.regions.extents, members)
        areas = self.regions.areas
        cut = members[self.cuts[members].any(axis=1)]
        for index in cut[np.argsort(areas[cut], kind="stable")]:
            near = left.of(self.regions.extents[index])
            near = near[(near != index) & (areas[near] >= areas[index])]
            overlaps = self._overlaps(index, near, "ios")
            if overlaps.max(initial=0) < needed:
                continue
            whole = near[overlaps.argmax()]
            left.remove(index)
            self.alive[index] = False
            if self.greedy:
                self.scores[whole] = max(self.scores[whole], self.scores[index])

    def _join_halves(self, members: Indices) -> None:
        """Make one of two objects that face each other across a seam, until there are none.

        First all of a row: then the upper and the lower part of what four tiles see are in line.
        """
        joined = True
        while joined:
            joined = self._join(members, _ACROSS) or self._join(members, _DOWN)

    def _join(self, members: Indices, axis: int) -> bool:
        members = members[self.alive[members] & self.cuts[members].any(axis=1)]
        left = Neighbours(self.regions.extents, members)
        joined = False
        for index in members:
            left.remove(index)
            while self.alive[index] and (half := self._half_of(index, left, axis)) is not None:
                left.remove(half)
                self.alive[half] = False
                self._unite(index, half)
                joined = True
        return joined

    def _half_of(self, index: int, left: Neighbours, axis: int) -> int | None:
        near = left.of(self.regions.extents[index], _TOUCHING)
        return next((each for each in near if self._are_halves(index, each, axis)), None)

    def _are_halves(self, one: int, other: int, axis: int) -> bool:
        boxes, cuts = self.regions.extents[[one, other]], self.cuts[[one, other]]
        return _face(boxes, cuts, axis) and self.regions.fill(one, other) >= _FILLED

    def _overlaps(self, index: int, others: Indices, metric: str = "") -> Areas:
        common = self.regions.common(index, others)
        own, theirs = self.regions.areas[index], self.regions.areas[others]
        smaller = (metric or self.rule.metric) == "ios"
        of = np.minimum(own, theirs) if smaller else own + theirs - common
        return np.asarray(np.divide(common, of, out=np.zeros_like(common), where=of > 0))


def _best_first(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Indices:
    """Return the order by score; of those that score the same by place, as SAHI has it."""
    return np.lexsort((*boxes.T[::-1], -scores))


def _face(boxes: NDArray[np.float32], cuts: NDArray[np.bool_], axis: int) -> bool:
    """Tell whether two boxes (2, 4) are cut where they face each other, across or down."""
    first, second = (0, 1) if boxes[0, axis] < boxes[1, axis] else (1, 0)
    ends_first = boxes[first, axis + 2] < boxes[second, axis + 2]
    return bool(ends_first and cuts[first, axis + 2] and cuts[second, axis])


def _cuts_of_both(boxes: NDArray[np.float32], cuts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return at which sides the box around two boxes (2, 4) is cut, (4,).

    A side is that of the box which reaches further; where both do, none that sees its end cuts it.
    """
    reach = boxes * np.array([-1, -1, 1, 1], np.float32)
    furthest = reach >= reach.max(axis=0) - _TOUCHING
    return np.asarray((cuts | ~furthest).all(axis=0))
