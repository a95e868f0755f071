"""What an exported network found, for each task, in the pixels of the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.models import masks
from handler.models.exported.decoding import Candidates
from handler.pictures.letterbox import Letterbox


@dataclass(frozen=True, eq=False)
class Answer:
    """Candidates that are left, and what else is needed to place them on the picture.

    prototypes: (c, h, w) float32, of masks. keypoint_shape: how many, and 2 or 3 numbers for each.
    of_probabilities: see `masks.decode`.
    """

    found: Candidates
    letterbox: Letterbox
    prototypes: NDArray[np.float32] | None
    keypoint_shape: tuple[int, int] | None
    of_probabilities: bool


def _boxes(answer: Answer) -> Detections:
    found = answer.found
    return Detections(answer.letterbox.undo(found.boxes), found.scores, found.classes)


def _oriented(answer: Answer) -> Detections:
    found, letterbox = answer.found, answer.letterbox
    centre = letterbox.undo_points(found.boxes[:, :2])
    half = found.boxes[:, 2:] / np.array(letterbox.scale, np.float32) / 2
    return Detections(
        boxes=np.concatenate([centre - half, centre + half], axis=1),
        scores=found.scores,
        classes=found.classes,
        angles=np.degrees(found.extras[:, -1]),
    )


def _masks(answer: Answer) -> Detections:
    upright, letterbox = _boxes(answer), answer.letterbox
    if answer.prototypes is None:
        raise ValueError("the network answers without prototypes for masks")
    cut_outs = masks.decode(
        answer.prototypes,
        answer.found.extras,
        upright.boxes,
        letterbox.height,
        letterbox.width,
        of_probabilities=answer.of_probabilities,
    )
    found = Detections(upright.boxes, upright.scores, upright.classes, masks=cut_outs)
    return found.where(np.array([mask.pixels.size > 0 for mask in cut_outs], bool))


def _keypoints(answer: Answer) -> Detections:
    upright, letterbox = _boxes(answer), answer.letterbox
    if answer.keypoint_shape is None:
        raise ValueError("the metadata does not say how many keypoints there are")
    numbers = answer.found.extras.reshape(-1, *answer.keypoint_shape)
    limits = np.array([letterbox.width, letterbox.height], np.float32)
    places = np.clip(letterbox.undo_points(numbers[..., :2]), 0, limits)
    sure = numbers[..., 2:] if numbers.shape[2] == 3 else np.ones_like(numbers[..., :1])
    points = np.concatenate([places, sure], axis=2)
    return Detections(upright.boxes, upright.scores, upright.classes, keypoints=points)


def best_classes(
    scores: NDArray[np.float32], threshold: float, top_k: int, width: int, height: int
) -> Detections:
    """Return the `top_k` best of the scores (c,) of a whole picture's classes."""
    best = np.argsort(-scores, kind="stable")[:top_k]
    best = best[scores[best] >= threshold]
    whole = np.array([0, 0, width, height], np.float32)
    return Detections(np.tile(whole, (len(best), 1)), scores[best], best)


def task_of(ranks: Sequence[int]) -> str:
    """Return the task of a YOLOv5 export by the dimensions of its answers."""
    if len(ranks) == 1 and ranks[0] == 2:
        return "classify"
    return "segment" if 4 in ranks else "detect"


READ: dict[str, Callable[[Answer], Detections]] = {
    "detect": _boxes,
    "obb": _oriented,
    "segment": _masks,
    "pose": _keypoints,
}
