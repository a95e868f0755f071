"""Boxes, upright and turned: rectangle, ellipse and the polygon of a box's corners."""

from typing import Any

import cv2
import numpy as np

from handler.detection.corners import corners
from handler.detection.detections import Detection
from handler.detection.labels import Label


def rectangle(found: Detection, _: Label, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return `points` x1 y1 x2 y2 before turning, and `rotation`, 0 to 360 degrees clockwise.

    A turned box is not cut at the picture's edge: that would move its centre.
    """
    if not _outline(found, size):
        return []
    if not found.angle:
        return [{"points": rounded(_clamped(found.box, size))}]
    return [{"points": rounded(found.box), "rotation": _rotation(found)}]


def ellipse(found: Detection, _: Label, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the ellipse in a box: `points` cx, cy, cx + rx, cy - ry, and its `rotation`."""
    if not _outline(found, size):
        return []
    x1, y1, x2, y2 = found.box
    part: dict[str, Any] = {"points": rounded([(x1 + x2) / 2, (y1 + y2) / 2, x2, y1])}
    return [part | {"rotation": _rotation(found)} if found.angle else part]


def polygon(found: Detection, _: Label, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the corners, clockwise from the box's own top left, cut at the picture's edge."""
    outline = _outline(found, size)
    return [{"points": rounded(outline)}] if outline else []


def rounded(values: list[float]) -> list[float]:
    """Return coordinates to a hundredth of a pixel."""
    return [round(value, 2) for value in values]


def _outline(found: Detection, size: tuple[int, int]) -> list[float]:
    """Return x y of the corners that are seen on the picture; nothing where none of it is."""
    x1, y1, x2, y2 = found.box if found.angle else _clamped(found.box, size)
    if x2 <= x1 or y2 <= y1:
        return []
    if not found.angle:
        return [x1, y1, x2, y1, x2, y2, x1, y2]
    points = corners(found.box, found.angle)
    if (points < 0).any() or (points > size).any():
        width, height = size
        picture = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        area, cut = cv2.intersectConvexConvex(points, picture)
        if area <= 0:
            return []
        points = np.asarray(cut, np.float32)
    flat: list[float] = points.ravel().tolist()
    return flat


def _clamped(box: list[float], size: tuple[int, int]) -> list[float]:
    x1, y1, x2, y2 = box
    width, height = size
    return [max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)]


def _rotation(found: Detection) -> float:
    # CVAT takes neither a negative angle nor more than 360.
    return round(found.angle % 360, 2) % 360
