"""CVAT shapes drawn on a picture, for people to look at."""

import colorsys
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from handler.images import Picture


def color_of(label: str) -> tuple[int, int, int]:
    """Return a label's colour (RGB, 0..255), the same on every picture."""
    hue = zlib.crc32(label.encode()) % 360 / 360
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.85)
    return round(red * 255), round(green * 255), round(blue * 255)


def draw(picture: Picture, shapes: Sequence[dict[str, Any]]) -> Image.Image:
    """Return a copy of `picture` (BGR) with each rectangle, its label and its score."""
    image = Image.fromarray(np.ascontiguousarray(picture[..., ::-1]))
    canvas = ImageDraw.Draw(image)
    line = max(2, round(max(image.size) / 400))
    font = ImageFont.load_default(size=max(12, max(image.size) // 50))
    for shape in shapes:
        color = color_of(shape["label"])
        canvas.rectangle(shape["points"], outline=color, width=line)
        _draw_caption(canvas, shape, color, font)
    return image


def _draw_caption(
    canvas: ImageDraw.ImageDraw, shape: dict[str, Any], color: tuple[int, int, int], font: Any
) -> None:
    caption = f" {shape['label']} {shape['confidence']:.2f} "
    x, y = shape["points"][:2]
    _, _, width, height = canvas.textbbox((0, 0), caption, font=font)
    y = max(0, y - height)
    canvas.rectangle((x, y, x + width, y + height), fill=color)
    canvas.text((x, y), caption, fill="white", font=font)
