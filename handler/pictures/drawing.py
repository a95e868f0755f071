"""CVAT shapes drawn on a picture, for people to look at."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.corners import corners
from handler.detection.labels import Label
from handler.pictures.captions import Captions, Color
from handler.pictures.decoding import Picture

_CROWD = 30  # from so many shapes on, lines and words are smaller
_SHIFT = 4  # bits of a coordinate that are parts of a pixel, for OpenCV
_FINER = 2**_SHIFT
_FILL = 0.43  # how much of its colour a mask has

Box = tuple[float, float, float, float]


class Canvas:
    """A picture (BGR) under way: what a shape's rule draws on."""

    def __init__(self, picture: Picture, crowded: bool) -> None:
        self.picture = picture
        side = max(picture.shape[:2])
        self.line = max(1 if crowded else 2, round(side / (800 if crowded else 400)))
        self.captions = Captions(self.picture, max(12, side // (90 if crowded else 50)))
        self.tags = 0

    def path(self, points: NDArray[Any], color: Color, *, closed: bool = True) -> None:
        """Draw a line through points (n, 2) in pixels; closed: and back to the first."""
        fine = np.round(points * _FINER).astype(np.int32)
        cv2.polylines(
            self.picture, [fine], closed, color[::-1], self.line, cv2.LINE_AA, shift=_SHIFT
        )

    def dots(self, points: NDArray[Any], color: Color) -> None:
        """Draw a dot with a white rim at each of the points (n, 2), in pixels."""
        radius = round(1.5 * self.line)
        for x, y in np.round(points).astype(int).tolist():
            cv2.circle(self.picture, (x, y), radius + 1, (255, 255, 255), cv2.FILLED, cv2.LINE_AA)
            cv2.circle(self.picture, (x, y), radius, color[::-1], cv2.FILLED, cv2.LINE_AA)


def draw(picture: Picture, shapes: Sequence[dict[str, Any]], labels: Sequence[Label]) -> Picture:
    """Return a copy of `picture` (BGR) with each shape, its label and its score; see `draw_on`."""
    return draw_on(picture.copy(), shapes, labels)


def draw_on(picture: Picture, shapes: Sequence[dict[str, Any]], labels: Sequence[Label]) -> Picture:
    """Draw each shape, its label and its score on `picture` (BGR), and return it.

    `labels` give the colours, and the edges of skeletons. On a crowded picture lines are thin, and
    a caption without room is left out, that of the lower score first.
    """
    canvas = Canvas(picture, len(shapes) >= _CROWD)
    by_name = {label.name: label for label in labels}
    boxes = []
    for shape in shapes:
        label = by_name[shape["label"]]
        boxes.append(_RULES[shape["type"]](canvas, shape, label))
    ranked = sorted(zip(shapes, boxes, strict=True), key=lambda each: -each[0]["confidence"])
    for shape, box in ranked:
        caption = f"{shape['label']} {shape['confidence']:.2f}"
        canvas.captions.write(caption, box, by_name[shape["label"]].color[::-1])
    return canvas.picture


def _rectangle(canvas: Canvas, shape: dict[str, Any], label: Label) -> Box:
    points = corners(shape["points"], shape.get("rotation", 0))
    canvas.path(points, label.color)
    return _around(points)


def _ellipse(canvas: Canvas, shape: dict[str, Any], label: Label) -> Box:
    cx, cy, right, top = shape["points"]
    turn = np.radians(shape.get("rotation", 0))
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = (right - cx) * np.cos(angles), (cy - top) * np.sin(angles)
    xs = cx + x * np.cos(turn) - y * np.sin(turn)
    ys = cy + x * np.sin(turn) + y * np.cos(turn)
    points = np.stack([xs, ys], axis=1)
    canvas.path(points, label.color)
    return _around(points)


def _polygon(canvas: Canvas, shape: dict[str, Any], label: Label) -> Box:
    points = _pairs(shape["points"])
    canvas.path(points, label.color)
    return _around(points)


def _mask(canvas: Canvas, shape: dict[str, Any], label: Label) -> Box:
    left, top, right, bottom = (int(value) for value in shape["mask"][-4:])
    pixels = np.asarray(shape["mask"][:-4], np.uint8).reshape(bottom - top + 1, right - left + 1)
    part = canvas.picture[top : bottom + 1, left : right + 1]
    plain = np.full_like(part, label.color[::-1])
    cv2.copyTo(cv2.addWeighted(plain, _FILL, part, 1 - _FILL, 0), pixels, part)
    return _polygon(canvas, shape, label)


def _skeleton(canvas: Canvas, shape: dict[str, Any], label: Label) -> Box:
    seen = {
        element["label"]: element["points"]
        for element in shape["elements"]
        if not element["outside"]
    }
    points = np.array(list(seen.values()), np.float64).reshape(-1, 2)
    canvas.dots(points, label.color)
    for ends in label.edges:
        names = [label.keypoints[node] for node in ends]
        if all(name in seen for name in names):
            canvas.path(np.array([seen[name] for name in names]), label.color, closed=False)
    return _around(points)


def _points(canvas: Canvas, shape: dict[str, Any], label: Label) -> Box:
    points = _pairs(shape["points"])
    canvas.dots(points, label.color)
    return _around(points)


def _tag(canvas: Canvas, _: dict[str, Any], __: Label) -> Box:
    canvas.tags += 1
    y = (canvas.tags - 1) * 1.35 * canvas.captions.height
    return 0, y, 0, y


_RULES: dict[str, Callable[[Canvas, dict[str, Any], Label], Box]] = {
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "polygon": _polygon,
    "mask": _mask,
    "skeleton": _skeleton,
    "points": _points,
    "tag": _tag,
}


def _pairs(flat: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(flat, np.float64).reshape(-1, 2)


def _around(points: NDArray[Any]) -> Box:
    """Return x1 y1 x2 y2 around points (n, 2)."""
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)
