"""Which of the usual mistakes explains what a script, or a function, answers.

Each mistake is made on purpose, with the model here; the one whose answers come nearest is named.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.parity.answers import seen
from handler.parity.comparison import compare, match
from handler.parity.ways import PIXELS, Models, Way

MOST = 30  # pictures to look at
EXPLAINS = 0.5  # the share of the difference that a mistake has to explain
_SIZES = (320, 640, 1280)
_SAME_SCORE = 0.02  # of an object that is looked for in other places

Answers = Mapping[Path, Detections]


@dataclass(frozen=True)
class Mistake:
    """A mistake that explains an answer. left: the share of the difference that remains."""

    name: str
    words: str
    remedy: str
    left: float


@dataclass(frozen=True)
class _Trial:
    """A mistake to make: what the model then answers on a picture, given what it should."""

    name: str
    words: str
    remedy: str
    answers: Callable[[], Answers]


def diagnose(models: Models, given: Answers, way: Way, who: str) -> Mistake | None:
    """Return the mistake that explains `given`, the answers on some pictures; None if none does.

    way: the one that is right. who: whose mistake it would be, such as "The script".
    """
    given = {path: seen(each) for path, each in list(given.items())[:MOST]}
    scores = np.concatenate([each.scores for each in given.values()])
    if not len(scores):
        return Mistake("nothing", f"{who} finds nothing at all.", "Is it the same model?", 0.0)
    lowest = float(scores.min())

    def right(pixels: str = way.pixels) -> Answers:
        found = {path: models.everything(pixels, way.model, path) for path in given}
        return {path: _above(each, lowest) for path, each in found.items()}

    def cost(answers: Answers) -> float:
        return sum(compare(seen(answers[path]), given[path]).cost for path in given)

    plain = right()
    shown = {path: models.answer(replace(way, rounded=False), path) for path in given}
    if not any(compare(seen(shown[path]), given[path]).exceeds for path in given):
        return None
    before = cost(shown)
    trials = _trials(models, given, plain, right, who, lowest)
    best: Mistake | None = None
    for trial in trials:
        left = cost(trial.answers()) / before
        if left <= EXPLAINS and (best is None or left < best.left - 0.02):
            best = Mistake(trial.name, trial.words, trial.remedy, round(left, 4))
    if best is not None:
        return best
    return _by_size(models, given, before, cost, who, lowest)


def _trials(
    models: Models,
    given: Answers,
    plain: Answers,
    right: Callable[[str], Answers],
    who: str,
    lowest: float,
) -> Sequence[_Trial]:
    classes = models.service.model.classes
    mapping = _mapping(plain, given)
    changed = [f"{classes[a]} as {_name(classes, b)}" for a, b in mapping.items() if a != b]
    return (
        _Trial(
            "threshold",
            f"{who} has another threshold: its lowest score is {lowest:.3f}.",
            "Use one value on both sides.",
            lambda: plain,
        ),
        _Trial(
            "channels",
            f"{who} gives the network blue for red (BGR for RGB, or the reverse).",
            "OpenCV reads BGR and Pillow RGB: convert once, with cv2.COLOR_BGR2RGB, or not at all.",
            lambda: right("swapped"),
        ),
        _Trial(
            "letterbox",
            f"{who} stretches pictures to the network's square instead of letterboxing them.",
            "Scale both sides by the same factor and pad the rest in grey (114).",
            lambda: {path: _stretched(models, path, lowest) for path in given},
        ),
        _Trial(
            "classes",
            f"{who} has the classes in another order: {', '.join(changed[:4])}.",
            "Take the names in the order of training, as the weights carry them.",
            lambda: {path: _renamed(each, mapping) for path, each in plain.items()},
        ),
        _Trial(
            "coordinates",
            f"{who} gives boxes in other pixels than the picture's.",
            "Undo the letterbox: subtract the padding, divide by the scale.",
            lambda: {path: _moved(plain[path], given[path]) for path in given},
        ),
    )


def _by_size(
    models: Models,
    given: Answers,
    before: float,
    cost: Callable[[Answers], float],
    who: str,
    lowest: float,
) -> Mistake | None:
    if "image_size" in models.service.model.without:
        return None
    for size in _SIZES:
        model = models.with_size(size)
        found = {
            path: model.predict(PIXELS["script"](path, models.service.max_pixels), lowest)
            for path in given
        }
        left = cost(found) / before
        if left <= EXPLAINS / 2:
            words = f"{who} shows the network pictures of {size} pixels."
            return Mistake("image-size", words, "Use one size on both sides.", round(left, 4))
    return None


def _above(found: Detections, lowest: float) -> Detections:
    return found.where(found.scores >= lowest - 1e-4)


def _stretched(models: Models, path: Path, lowest: float) -> Detections:
    """Return what the model finds on the picture made square, where it is on the picture."""
    picture = PIXELS["script"](path, models.service.max_pixels)
    height, width = picture.shape[:2]
    side = max(height, width)
    square = np.asarray(cv2.resize(picture, (side, side)), np.uint8)
    found = models.model("library").predict(square, lowest)
    scale = np.array([width, height] * 2, np.float32) / side
    points = found.keypoints
    if points is not None:
        points = points * np.array([*scale[:2], 1], np.float32)
    return replace(found, boxes=found.boxes * scale, masks=None, keypoints=points)


def _mapping(plain: Answers, given: Answers) -> dict[int, int]:
    """Return for each class the one that it mostly is in the other answer, at the same place."""
    votes: Counter[tuple[int, int]] = Counter()
    for path, found in plain.items():
        ours = list(replace(found, classes=np.zeros(len(found), np.int64)))
        other = given[path]
        theirs = list(replace(other, classes=np.zeros(len(other), np.int64)))
        for row, column, _ in match(ours, theirs):
            votes[int(found.classes[row]), int(other.classes[column])] += 1
    mapping: dict[int, int] = {}
    for (ours_class, theirs_class), _ in votes.most_common():
        mapping.setdefault(ours_class, theirs_class)
    return mapping


def _renamed(found: Detections, mapping: Mapping[int, int]) -> Detections:
    classes = np.array([mapping.get(each, each) for each in found.classes.tolist()], np.int64)
    return replace(found, classes=classes)


def _moved(found: Detections, given: Detections) -> Detections:
    """Return boxes moved and scaled, across and down, as objects of the same score were."""
    pairs: list[tuple[int, int]] = []
    for row, (index, score) in enumerate(zip(found.classes, found.scores, strict=True)):
        near = np.flatnonzero(
            (given.classes == index) & (np.abs(given.scores - score) < _SAME_SCORE)
        )
        if len(near) == 1:
            pairs.append((row, int(near[0])))
    if not pairs:
        return found
    ours = found.boxes[[row for row, _ in pairs]]
    theirs = given.boxes[[column for _, column in pairs]]
    boxes = found.boxes.copy()
    for axis in (0, 1):
        scale, offset = _line(ours[:, axis::2].ravel(), theirs[:, axis::2].ravel())
        boxes[:, axis::2] = boxes[:, axis::2] * scale + offset
    return replace(found, boxes=boxes, masks=None)


def _line(x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[float, float]:
    if np.ptp(x) == 0:
        return 1.0, 0.0
    slope, offset = np.polyfit(x, y, 1)
    return float(slope), float(offset)


def _name(classes: Sequence[str], index: int) -> str:
    return classes[index] if 0 <= index < len(classes) else f"class {index}"
