"""CVAT shapes drawn on a picture, for people to look at."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from handler.detection.corners import corners
from handler.detection.labels import Label
from handler.pictures.decoding import Picture

Color = tuple[int, int, int]


class Canvas:
    """A picture under way: what a shape's rule draws on."""

    def __init__(self, picture: Picture) -> None:
        self.image = Image.fromarray(np.ascontiguousarray(picture[..., ::-1]))
        self.draw = ImageDraw.Draw(self.image)
        self.line = max(2, round(max(self.image.size) / 400))
        self.text_height = max(12, max(self.image.size) // 50)
        self.font = ImageFont.load_default(size=self.text_height)
        self.tags = 0

    def closed(self, points: Sequence[Any], color: Color) -> None:
        """Draw a line through points [(x, y), ...] and back to the first."""
        self.draw.line([*points, points[0]], fill=color, width=self.line, joint="curve")

    def dot(self, x: float, y: float, color: Color) -> None:
        """Draw a dot at a point, in pixels."""
        radius = 1.5 * self.line
        self.draw.circle((x, y), radius, fill=color, outline="white")


def draw(
    picture: Picture, shapes: Sequence[dict[str, Any]], labels: Sequence[Label]
) -> Image.Image:
    """Return a copy of `picture` (BGR) with each shape, its label and its score.

    `labels` give the colours, and the edges of skeletons.
    """
    canvas = Canvas(picture)
    by_name = {label.name: label for label in labels}
    for shape in shapes:
        label = by_name[shape["label"]]
        x, y = _RULES[shape["type"]](canvas, shape, label)
        _draw_caption(canvas, shape, (x, y), label.color)
    return canvas.image


def _rectangle(canvas: Canvas, shape: dict[str, Any], label: Label) -> tuple[float, float]:
    points = corners(shape["points"], shape.get("rotation", 0))
    canvas.closed([tuple(point) for point in points.tolist()], label.color)
    return _above(points.tolist())


def _ellipse(canvas: Canvas, shape: dict[str, Any], label: Label) -> tuple[float, float]:
    cx, cy, right, top = shape["points"]
    turn = np.radians(shape.get("rotation", 0))
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = (right - cx) * np.cos(angles), (cy - top) * np.sin(angles)
    xs = cx + x * np.cos(turn) - y * np.sin(turn)
    ys = cy + x * np.sin(turn) + y * np.cos(turn)
    points = [(float(px), float(py)) for px, py in zip(xs, ys, strict=True)]
    canvas.closed(points, label.color)
    return _above(points)


def _polygon(canvas: Canvas, shape: dict[str, Any], label: Label) -> tuple[float, float]:
    points = _pairs(shape["points"])
    canvas.closed(points, label.color)
    return _above(points)


def _mask(canvas: Canvas, shape: dict[str, Any], label: Label) -> tuple[float, float]:
    left, top, right, bottom = (int(value) for value in shape["mask"][-4:])
    pixels = np.asarray(shape["mask"][:-4], np.uint8).reshape(bottom - top + 1, right - left + 1)
    canvas.image.paste(label.color, (left, top), Image.fromarray(pixels * 110))
    return _polygon(canvas, shape, label)


def _skeleton(canvas: Canvas, shape: dict[str, Any], label: Label) -> tuple[float, float]:
    seen = {
        element["label"]: tuple(element["points"])
        for element in shape["elements"]
        if not element["outside"]
    }
    for start, end in label.edges:
        ends = [
            seen[label.keypoints[node]] for node in (start, end) if label.keypoints[node] in seen
        ]
        if len(ends) == 2:
            canvas.draw.line(ends, fill=label.color, width=canvas.line)
    for x, y in seen.values():
        canvas.dot(x, y, label.color)
    return _above(list(seen.values()))


def _points(canvas: Canvas, shape: dict[str, Any], label: Label) -> tuple[float, float]:
    points = _pairs(shape["points"])
    for x, y in points:
        canvas.dot(x, y, label.color)
    return _above(points)


def _tag(canvas: Canvas, _: dict[str, Any], __: Label) -> tuple[float, float]:
    canvas.tags += 1
    return 0, canvas.tags * 1.3 * canvas.text_height


_RULES: dict[str, Callable[[Canvas, dict[str, Any], Label], tuple[float, float]]] = {
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "polygon": _polygon,
    "mask": _mask,
    "skeleton": _skeleton,
    "points": _points,
    "tag": _tag,
}


def _pairs(flat: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _above(points: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the corner at the top left of `points`, where the caption stands."""
    return min(x for x, _ in points), min(y for _, y in points)


def _draw_caption(
    canvas: Canvas, shape: dict[str, Any], corner: tuple[float, float], color: Color
) -> None:
    caption = f" {shape['label']} {shape['confidence']:.2f} "
    _, _, width, height = canvas.draw.textbbox((0, 0), caption, font=canvas.font)
    x, y = max(0, corner[0]), max(0, corner[1] - height)
    canvas.draw.rectangle((x, y, x + width, y + height), fill=color)
    canvas.draw.text((x, y), caption, fill="white", font=canvas.font)
