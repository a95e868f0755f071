"""Non-maximum suppression, of upright boxes and of oriented ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_EPSILON = np.float32(1e-7)
_BLOCK = 256


def upright(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float, limit: int
) -> NDArray[np.intp]:
    """Return the indices of at most `limit` boxes to keep, best first.

    A box goes if it overlaps one that is kept, and scores higher, by more than `iou`.

    boxes: (n, 4) float32, x1 y1 x2 y2. scores: (n,) float32.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    kept = np.zeros(0, np.intp)
    for start in range(0, len(boxes), _BLOCK):
        block = boxes[start : start + _BLOCK]
        left = np.logical_not((_iou(boxes[kept], block) > iou).any(axis=0))
        overlaps = _iou(block, block) > iou
        for index in range(len(block)):
            if left[index]:
                left[index + 1 :] &= ~overlaps[index, index + 1 :]
        kept = np.append(kept, start + np.flatnonzero(left))
        if len(kept) >= limit:
            break
    return order[kept[:limit]]


def _iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (n, m) intersection over union of boxes (n, 4) and (m, 4); NaN of empty ones."""
    x1, y1, x2, y2 = first.T[:, :, None]
    u1, v1, u2, v2 = second.T
    common = np.maximum(np.minimum(x2, u2) - np.maximum(x1, u1), 0)
    common *= np.maximum(np.minimum(y2, v2) - np.maximum(y1, v1), 0)
    areas = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(common / (areas - common), np.float32)


def oriented(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], iou: float, limit: int
) -> NDArray[np.intp]:
    """Return the indices of at most `limit` oriented boxes to keep, best first.

    A box goes if it overlaps any that scores higher, kept or not, by more than `iou`: Fast NMS
    (YOLACT, https://arxiv.org/abs/1904.02689), with the overlap of `probabilistic_iou`.

    boxes: (n, 5) float32, x and y of the centre, width, height, angle in radians.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    kept = np.zeros(0, np.intp)
    for start in range(0, len(boxes), _BLOCK):
        block = boxes[start : start + _BLOCK]
        overlaps = probabilistic_iou(boxes[: start + len(block)], block) > iou
        alone = ~np.triu(overlaps, 1 - start).any(axis=0)  # above the diagonal score higher
        kept = np.append(kept, order[start : start + _BLOCK][alone])
        if len(kept) >= limit:
            break
    return kept[:limit]


def probabilistic_iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[Any]:
    """Return the (n, m) ProbIoU of oriented boxes (n, 5) and (m, 5), as `oriented` has them.

    One minus the Hellinger distance of the boxes' normal distributions
    (https://arxiv.org/abs/2106.06072, equations 4 to 8).
    """
    a1, b1, c1 = (each[:, None] for each in _covariance(first))
    a2, b2, c2 = _covariance(second)
    dx, dy = (first[:, None, axis] - second[None, :, axis] for axis in (0, 1))
    a, b, c = a1 + a2, b1 + b2, c1 + c2
    determinant = a * b - c * c
    apart = (b * dx * dx + a * dy * dy - 2 * c * dx * dy) / (4 * (determinant + _EPSILON))
    own = np.maximum(a1 * b1 - c1 * c1, 0) * np.maximum(a2 * b2 - c2 * c2, 0)
    unlike = np.log(determinant / (4 * np.sqrt(own) + _EPSILON) + _EPSILON) / 2
    distance = np.clip(apart + unlike, _EPSILON, 100)
    return np.asarray(1 - np.sqrt(1 - np.exp(-distance) + _EPSILON))


def _covariance(boxes: NDArray[np.float32]) -> tuple[NDArray[Any], ...]:
    """Return a, b and c of each box's covariance matrix [[a, c], [c, b]]."""
    across, down = boxes[:, 2] ** 2 / 12, boxes[:, 3] ** 2 / 12
    cos, sin = np.cos(boxes[:, 4]), np.sin(boxes[:, 4])
    return (
        across * cos**2 + down * sin**2,
        across * sin**2 + down * cos**2,
        (across - down) * cos * sin,
    )
