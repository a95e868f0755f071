"""From what CVAT is sent, or a script says, back to detections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detection, Detections, Mask

_MARGIN = 5.0  # pixels around keypoints
VISIBLE = 0.5  # below it CVAT is told that a keypoint is outside


def of_shapes(shapes: Any, classes: Sequence[str], width: int, height: int) -> Detections:
    """Return the objects that CVAT's shapes are, on a picture of `width` x `height` pixels.

    A shape without a score has 1. The parts of one object, which share a `group_id`, are one.

    Raises:
        KeyError, ValueError, TypeError, IndexError: it is no list of CVAT's shapes, or of others'
            labels.
    """
    if not isinstance(shapes, list):
        raise TypeError("it is no list")
    found: dict[Any, Detection] = {}
    for number, shape in enumerate(shapes):
        key = ("group", shape["group_id"]) if "group_id" in shape else number
        score = float(shape.get("confidence", shape.get("score", 1.0)))
        index = classes.index(shape["label"])
        one = _READ[shape["type"]](shape, (width, height))
        one = replace(one, score=score, class_index=index)
        found[key] = _joined(found[key], one) if key in found else one
    return _together(list(found.values()))


def seen(found: Detections) -> Detections:
    """Return objects with keypoints as what CVAT shows of them: boxes around those that are seen.

    Others are returned as they are.
    """
    if found.keypoints is None:
        return found
    kept = [replace(one, **_around_keypoints(one.keypoints or [])) for one in found]
    return _together(kept)


def of_rows(rows: Iterable[Sequence[float]]) -> Detections:
    """Return objects from rows of x1, y1, x2, y2, score, class, and perhaps an angle in degrees.

    Raises:
        ValueError: a row has another length.
    """
    found = []
    for row in rows:
        if len(row) not in (6, 7):
            raise ValueError(f"a box has {len(row)} numbers, not x1 y1 x2 y2 score class")
        x1, y1, x2, y2, score, index, *angle = map(float, row)
        box = [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]
        found.append(Detection(box, score, int(index), sum(angle), None, None))
    return _together(found)


def _rectangle(shape: Mapping[str, Any], _: tuple[int, int]) -> Detection:
    x1, y1, x2, y2 = map(float, shape["points"])
    return _found([x1, y1, x2, y2], float(shape.get("rotation", 0)))


def _ellipse(shape: Mapping[str, Any], _: tuple[int, int]) -> Detection:
    cx, cy, right, top = map(float, shape["points"])
    box = [2 * cx - right, top, right, 2 * cy - top]
    return _found(box, float(shape.get("rotation", 0)))


def _polygon(shape: Mapping[str, Any], size: tuple[int, int]) -> Detection:
    points = np.array(shape["points"], np.float32).reshape(-1, 2)
    if len(points) == 4:
        return _turned(points)
    whole = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(whole, [np.round(points * 16 - 8).astype(np.int32)], (1,), shift=4)
    mask = Mask.of(whole)
    return replace(_found([*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]), mask=mask)


def _turned(points: NDArray[np.float32]) -> Detection:
    """Return the box of four corners, clockwise from its own top left, as `shapes` writes them."""
    across, down = points[1] - points[0], points[3] - points[0]
    half = np.array([np.linalg.norm(across), np.linalg.norm(down)]) / 2
    centre = points.mean(axis=0)
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    return _found([*(centre - half).tolist(), *(centre + half).tolist()], angle)


def _mask(shape: Mapping[str, Any], _: tuple[int, int]) -> Detection:
    mask = np.asarray(shape["mask"])
    left, top, right, bottom = mask[-4:].tolist()
    cut = mask[:-4].astype(bool).reshape(bottom - top + 1, right - left + 1)
    box = [float(left), float(top), float(right + 1), float(bottom + 1)]
    return replace(_found(box), mask=Mask(left, top, cut))


def _skeleton(shape: Mapping[str, Any], _: tuple[int, int]) -> Detection:
    points = [
        [*map(float, element["points"]), 0.0 if element.get("outside") else 1.0]
        for element in shape["elements"]
    ]
    return Detection(keypoints=points, **_PLAIN, **_around_keypoints(points))


def _points(shape: Mapping[str, Any], _: tuple[int, int]) -> Detection:
    flat = list(map(float, shape["points"]))
    box = [min(flat[::2]), min(flat[1::2]), max(flat[::2]), max(flat[1::2])]
    return _found(box)


def _tag(_: Mapping[str, Any], size: tuple[int, int]) -> Detection:
    return _found([0.0, 0.0, float(size[0]), float(size[1])])


_READ = {
    "rectangle": _rectangle, "ellipse": _ellipse, "polygon": _polygon, "mask": _mask,
    "skeleton": _skeleton, "points": _points, "tag": _tag,
}  # fmt: skip
_PLAIN: dict[str, Any] = {"score": 1.0, "class_index": 0, "angle": 0.0, "mask": None}


def _found(box: list[float], angle: float = 0.0) -> Detection:
    return Detection(**(_PLAIN | {"box": box, "angle": angle, "keypoints": None}))


def _around_keypoints(points: Sequence[Sequence[float]]) -> dict[str, Any]:
    limit = min(VISIBLE, max(sure for _, _, sure in points))
    shown = np.array([(x, y) for x, y, sure in points if sure >= limit])
    # Around a single point there would be nothing that could overlap.
    least, most = shown.min(axis=0) - _MARGIN, shown.max(axis=0) + _MARGIN
    return {"box": [*least.tolist(), *most.tolist()]}


def _joined(one: Detection, other: Detection) -> Detection:
    """Return two parts as one object; only masks have parts."""
    box = [*map(min, one.box[:2], other.box[:2]), *map(max, one.box[2:], other.box[2:])]
    if one.mask is None or other.mask is None:
        return replace(one, box=box)
    width = max(mask.left + mask.pixels.shape[1] for mask in (one.mask, other.mask))
    height = max(mask.top + mask.pixels.shape[0] for mask in (one.mask, other.mask))
    both = one.mask.within(width, height) | other.mask.within(width, height)
    return replace(one, box=box, mask=Mask.of(both))


def _together(found: Sequence[Detection]) -> Detections:
    masks = [one.mask for one in found]
    points = [one.keypoints for one in found]
    return Detections(
        boxes=np.array([one.box for one in found], np.float32).reshape(-1, 4),
        scores=np.array([one.score for one in found], np.float32),
        classes=np.array([one.class_index for one in found], np.int64),
        angles=np.array([one.angle for one in found], np.float32),
        masks=[mask for mask in masks if mask] if found and all(masks) else None,
        keypoints=np.array(points, np.float32) if found and all(points) else None,
    )
