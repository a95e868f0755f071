"""How two answers differ, picture by picture and in sum."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from handler.detection.agreement import is_same, overlap
from handler.detection.detections import Detection, Detections

LEAST = 0.5  # overlap of what is taken for the same object


@dataclass
class Difference:
    """What becomes of the objects of one answer in another.

    objects: of the first. appear, vanish: objects that only the second, or the first, has.
    changed: objects of another class. beyond: matched ones that an annotator can tell apart, by
    `detection.agreement`. overlaps, scores: of the matched ones, the intersection over union and
    how far their scores are apart.
    """

    objects: int = 0
    appear: int = 0
    vanish: int = 0
    changed: int = 0
    beyond: int = 0
    overlaps: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """How much it is, in objects: one that appears, vanishes or changes class counts 1."""
        apart = sum(1 - each for each in self.overlaps) + sum(self.scores)
        return self.appear + self.vanish + self.changed + apart

    @property
    def exceeds(self) -> bool:
        """Whether it is more than the limits of `detection.agreement` allow."""
        return self.appear + self.vanish + self.changed + self.beyond > 0

    def add(self, other: "Difference") -> None:
        """Take the objects of another picture in."""
        for name in ("objects", "appear", "vanish", "changed", "beyond"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.overlaps += other.overlaps
        self.scores += other.scores

    def summary(self) -> dict[str, float | None]:
        """Return the numbers of a report; those of matched objects None where there are none."""
        numbers: dict[str, float | None] = {
            name: getattr(self, name)
            for name in ("objects", "appear", "vanish", "changed", "beyond")
        }
        overlaps = [1 - each for each in self.overlaps]
        for name, values, sign in (("iou", overlaps, -1), ("score", self.scores, 1)):
            offset = 1 if sign < 0 else 0
            for part, share in (("median", 50), ("p95", 95), ("worst", 100)):
                number = float(np.percentile(values, share)) if values else None
                numbers[f"{name}_{part}"] = (
                    None if number is None else round(offset + sign * number, 5)
                )
        return numbers | {"cost": round(self.cost, 4)}


def compare(first: Detections, second: Detections) -> Difference:
    """Compare two answers on one picture.

    Objects are matched by overlap, those of one class before others, the nearest first.
    """
    ours, theirs = list(first), list(second)
    pairs = match(ours, theirs)
    difference = Difference(
        objects=len(ours), appear=len(theirs) - len(pairs), vanish=len(ours) - len(pairs)
    )
    for row, column, iou in pairs:
        one, other = ours[row], theirs[column]
        difference.overlaps.append(min(iou, 1.0))
        difference.scores.append(abs(one.score - other.score))
        if one.class_index != other.class_index:
            difference.changed += 1
        elif not is_same(one, other):
            difference.beyond += 1
    return difference


def match(ours: Sequence[Detection], theirs: Sequence[Detection]) -> list[tuple[int, int, float]]:
    """Return which are the same object: their places in either answer, and their overlap."""
    pairs: list[tuple[int, int, float]] = []
    for of_one_class in (True, False):
        taken = [{row for row, _, _ in pairs}, {column for _, column, _ in pairs}]
        near = []
        for row, column in _candidates(ours, theirs):
            one, other = ours[row], theirs[column]
            same = one.class_index == other.class_index
            if same != of_one_class or row in taken[0] or column in taken[1]:
                continue
            iou = overlap(one, other)
            if iou >= LEAST:
                near.append((iou - abs(one.score - other.score) / 10, iou, row, column))
        for _, iou, row, column in sorted(near, reverse=True):
            if row not in taken[0] and column not in taken[1]:
                taken[0].add(row)
                taken[1].add(column)
                pairs.append((row, column, iou))
    return pairs


def _candidates(
    ours: Sequence[Detection], theirs: Sequence[Detection]
) -> Iterator[tuple[int, int]]:
    """Yield the pairs that could overlap by half: near enough, and of about the same size."""
    if not ours or not theirs:
        return
    first, second = (np.array([each.box for each in side]) for side in (ours, theirs))
    centres = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (first, second)]
    sides = [boxes[:, 2:] - boxes[:, :2] for boxes in (first, second)]
    radii = [np.linalg.norm(side, axis=1) / 2 for side in sides]
    apart = np.linalg.norm(centres[0][:, None] - centres[1], axis=2)
    possible = apart <= radii[0][:, None] + radii[1]
    if not all(each.mask for each in (*ours, *theirs)):
        areas = [side.prod(axis=1) for side in sides]
        smaller = np.minimum(areas[0][:, None], areas[1])
        possible &= smaller >= LEAST * np.maximum(areas[0][:, None], areas[1]) * 0.99
    yield from zip(*(each.tolist() for each in possible.nonzero()), strict=True)
