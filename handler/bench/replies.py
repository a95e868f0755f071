"""Whether two replies to CVAT say the same."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handler.detection.agreement import differences
from handler.detection.detections import Detections, Mask

Shape = dict[str, Any]


def differences_of(expected: Sequence[Shape], found: Sequence[Shape]) -> list[str]:
    """Return in words what differs between two lists of CVAT's shapes; see `parity.agreement`."""
    names = sorted({shape["label"] for shape in (*expected, *found)})
    return list(differences(_detections(expected, names), _detections(found, names)))


def _detections(shapes: Sequence[Shape], names: Sequence[str]) -> Detections:
    masks = [_mask(shape["mask"]) for shape in shapes if "mask" in shape]
    keypoints = [_keypoints(shape) for shape in shapes if "elements" in shape]
    return Detections(
        boxes=np.array([_box(shape) for shape in shapes], np.float32).reshape(-1, 4),
        scores=np.array([float(shape["confidence"]) for shape in shapes], np.float32),
        classes=np.array([names.index(shape["label"]) for shape in shapes], np.int64),
        angles=np.array([shape.get("rotation", 0) for shape in shapes], np.float32),
        masks=masks if masks and len(masks) == len(shapes) else None,
        keypoints=np.array(keypoints, np.float32) if len(keypoints) == len(shapes) > 0 else None,
    )


def _box(shape: Shape) -> tuple[float, float, float, float]:
    """Return x1 y1 x2 y2 of a shape; a tag has none."""
    if "mask" in shape:
        mask = _mask(shape["mask"])
        rows, columns = mask.pixels.shape
        return mask.left, mask.top, mask.left + columns, mask.top + rows
    points = shape.get("points") or [
        value for element in shape.get("elements", ()) for value in element["points"]
    ]
    if not points:
        return 0, 0, 1, 1
    if shape["type"] == "ellipse":
        x, y, right, top = points
        return 2 * x - right, top, right, 2 * y - top
    xs, ys = points[::2], points[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def _mask(numbers: Sequence[int]) -> Mask:
    """Return the tightest mask: some send the box's pixels, some only where the object is."""
    left, top, right, bottom = (int(number) for number in numbers[-4:])
    pixels = np.array(numbers[:-4], bool).reshape(bottom - top + 1, right - left + 1)
    return Mask.of(pixels, left, top)


def _keypoints(shape: Shape) -> list[list[float]]:
    return [[*element["points"], 1.0] for element in shape["elements"]]
