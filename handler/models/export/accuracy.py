"""How good a model's answers are: mAP at IoU 0.5 to 0.95, or the share of classes that are right.

Matching and average precision are those of `yolo val`, so the numbers are those of a training log.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ultralytics.utils import metrics

from handler.detection.detections import Detections

LOWEST_SCORE = 0.001  # of what counts: `yolo val`'s conf
_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_AREA_OF_BOX = 0.53  # how much of its box a person fills: ultralytics' PoseValidator


def accuracy(task: str, truths: Sequence[Detections], answers: Iterable[Detections]) -> float:
    """Return the mAP50-95 of a model's answers, or of a classifier the top-1 accuracy, in points.

    truths: what is on each picture; scores play no part. answers: everything that scores
    `LOWEST_SCORE` or more, best first. Points go from 0 to 100. Of masks and keypoints it is
    theirs, not that of the boxes around them.
    """
    pairs = zip(truths, answers, strict=True)
    if task == "classify":
        right = [truth.classes[:1].tolist() == found.classes[:1].tolist() for truth, found in pairs]
        return 100 * float(np.mean(right))
    return mean_precisions(task, truths, answers)[1]


def mean_precisions(
    task: str, truths: Sequence[Detections], answers: Iterable[Detections]
) -> tuple[float, float]:
    """Return the mAP50 and the mAP50-95 of a model's answers, in points; see `accuracy`."""
    pairs = zip(truths, answers, strict=True)
    marked = [
        (_hits(truth, found, _OVERLAPS[task](truth, found)), found.scores, found.classes)
        for truth, found in pairs
    ]
    hits, scores, classes = (np.concatenate(each) for each in zip(*marked, strict=True))
    labelled = np.concatenate([truth.classes for truth in truths])
    by_class = metrics.ap_per_class(hits, scores, classes, labelled)[5]
    if not len(by_class):
        return 0.0, 0.0
    return 100 * float(by_class[:, 0].mean()), 100 * float(by_class.mean())


def _hits(truth: Detections, found: Detections, overlaps: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (n, 10): whether each of n answers, best first, hits an object, at each threshold.

    An object is hit once, by the best of the answers that overlap it enough.

    overlaps: (m, n) float32, of m objects and n answers.
    """
    overlaps = np.where(truth.classes[:, None] == found.classes, overlaps, 0)
    hits = np.zeros((len(found), len(_THRESHOLDS)), bool)
    free = np.ones((len(truth), len(_THRESHOLDS)), bool)
    for answer in np.flatnonzero((overlaps >= _THRESHOLDS[0]).any(axis=0)):
        left = np.where(free, overlaps[:, answer, None], 0)
        nearest = left.argmax(axis=0)
        hits[answer] = left.max(axis=0) >= _THRESHOLDS
        free[nearest, range(len(_THRESHOLDS))] &= ~hits[answer]
    return hits


def _of_boxes(truth: Detections, answer: Detections) -> NDArray[np.float32]:
    return _numpy(metrics.box_iou(_torch(truth.boxes), _torch(answer.boxes)))


def _of_oriented_boxes(truth: Detections, answer: Detections) -> NDArray[np.float32]:
    return _numpy(metrics.batch_probiou(_turned(truth), _turned(answer)))


def _of_masks(truth: Detections, answer: Detections) -> NDArray[np.float32]:
    overlaps = np.zeros((len(truth), len(answer)), np.float32)
    masks, found = truth.masks or (), answer.masks or ()
    for row, column in np.argwhere(truth.classes[:, None] == answer.classes).tolist():
        overlaps[row, column] = masks[row].iou(found[column])
    return overlaps


def _of_keypoints(truth: Detections, answer: Detections) -> NDArray[np.float32]:
    points, found = _torch(truth.keypoints), _torch(answer.keypoints)
    count = points.shape[1]
    sigmas = metrics.OKS_SIGMA if count == len(metrics.OKS_SIGMA) else np.ones(count) / count
    areas = (truth.boxes[:, 2:] - truth.boxes[:, :2]).prod(axis=1) * _AREA_OF_BOX
    return _numpy(metrics.kpt_iou(points, found, _torch(areas), list(sigmas)))


def _turned(found: Detections) -> torch.Tensor:
    """Return (n, 5): x and y of the centre, width, height, angle in radians."""
    angles = np.radians(np.asarray(found.angles))
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    sizes = found.boxes[:, 2:] - found.boxes[:, :2]
    return _torch(np.concatenate([centres, sizes, angles[:, None]], axis=1))


def _torch(numbers: Any) -> torch.Tensor:
    return torch.from_numpy(np.asarray(numbers, np.float32))


def _numpy(numbers: torch.Tensor) -> NDArray[np.float32]:
    return np.array(numbers.numpy(), np.float32)


_OVERLAPS: dict[str, Callable[[Detections, Detections], NDArray[np.float32]]] = {
    "detect": _of_boxes,
    "obb": _of_oriented_boxes,
    "segment": _of_masks,
    "pose": _of_keypoints,
}
