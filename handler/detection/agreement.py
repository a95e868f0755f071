"""Whether two answers on one picture are the same, as far as an annotator can tell."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np

from handler.detection.detections import Detection, Detections, Mask

LEAST_IOU = 0.99
MOST_APART = 0.1  # pixels; of objects of less than ten pixels it is more than the overlap allows
MOST_SCORE = 0.01
MOST_KEYPOINT = 0.01  # of the box's longer side


def differences(expected: Detections, found: Detections) -> Iterator[str]:
    """Yield in words what differs: the number of objects, a box, a score, a mask, a keypoint.

    Each object is compared with the nearest of its class that is not taken yet.
    """
    if len(expected) != len(found):
        yield f"{len(found)} objects instead of {len(expected)}"
        return
    left = list(found)
    for number, one in enumerate(expected, start=1):
        same_class = [other for other in left if other.class_index == one.class_index]
        if not same_class:
            yield f"object {number} has another class"
            return
        nearest = max(same_class, key=partial(_likeness, one))
        left.remove(nearest)
        yield from (f"object {number} {what}" for what in _of_objects(one, nearest))


def overlap(one: Detection, other: Detection) -> float:
    """Return the intersection over union of two objects: of their masks, or else of their boxes."""
    return one.mask.iou(other.mask) if one.mask and other.mask else _iou(one, other)


def is_same(one: Detection, other: Detection) -> bool:
    """Tell whether an annotator can tell two objects apart, their classes aside."""
    return next(_of_objects(one, other), None) is None


def _likeness(one: Detection, other: Detection) -> float:
    return _iou(one, other) - abs(one.score - other.score)


def _of_objects(one: Detection, other: Detection) -> Iterator[str]:
    overlap = _iou(one, other)
    if overlap < LEAST_IOU and _apart(one, other) > MOST_APART:
        yield f"overlaps by {overlap:.3f}, less than {LEAST_IOU}"
    if abs(one.score - other.score) > MOST_SCORE:
        yield f"scores {other.score:.3f} instead of {one.score:.3f}"
    if one.mask and other.mask and _of_masks(one.mask, other.mask) < LEAST_IOU:
        yield f"has a mask that overlaps by {_of_masks(one.mask, other.mask):.3f}"
    if one.keypoints and other.keypoints:
        x1, y1, x2, y2 = one.box
        apart = np.abs(np.array(one.keypoints) - np.array(other.keypoints))[:, :2].max()
        if apart > max(1, MOST_KEYPOINT * max(x2 - x1, y2 - y1)):
            yield f"has a keypoint {apart:.1f} pixels away"


def _iou(one: Detection, other: Detection) -> float:
    first, second = _rectangle(one), _rectangle(other)
    _, corners = cv2.rotatedRectangleIntersection(first, second)
    common = 0.0 if corners is None else cv2.contourArea(cv2.convexHull(corners))
    (_, first_size, _), (_, second_size, _) = first, second
    union = first_size[0] * first_size[1] + second_size[0] * second_size[1] - common
    return common / union if union > 0 else float(one.box == other.box)


def _apart(one: Detection, other: Detection) -> float:
    """Return how many pixels the corners of two boxes are apart, at most."""
    corners = [cv2.boxPoints(_rectangle(each)) for each in (one, other)]
    return float(np.abs(corners[0] - corners[1]).max())


def _rectangle(found: Detection) -> tuple[tuple[float, float], tuple[float, float], float]:
    x1, y1, x2, y2 = found.box
    return ((x1 + x2) / 2, (y1 + y2) / 2), (x2 - x1, y2 - y1), found.angle


def _of_masks(one: Mask, other: Mask) -> float:
    """Return the overlap of two masks; where they are small, one pixel is no difference."""
    width = max(mask.left + mask.pixels.shape[1] for mask in (one, other))
    height = max(mask.top + mask.pixels.shape[0] for mask in (one, other))
    first, second = one.within(width, height), other.within(width, height)
    apart, union = int((first ^ second).sum()), int((first | second).sum())
    return 1 - apart / union if apart > 1 else 1.0
