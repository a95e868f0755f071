"""Whether CVAT can take a detector's reply.

What CVAT 2.73 reads from it: `cvat/apps/lambda_manager/views.py` and the shape serializers in
`cvat/apps/engine/serializers.py`. One shape that it cannot read rejects the whole frame.
"""

import math
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeGuard

Shape = dict[str, Any]


def problems_in(
    reply: Any, labels: Collection[str] | None, width: int, height: int
) -> Iterator[str]:
    """Yield what CVAT would refuse, drop or draw outside a picture of `width` x `height` pixels.

    `labels` are the names in the function's label spec, None if they are not known.
    """
    if not isinstance(reply, list):
        yield f"the reply is {_kind(reply)}, not a list of shapes"
        return
    for index, shape in enumerate(reply):
        for problem in _shape_problems(shape, labels, width, height):
            yield f"shape {index + 1}: {problem}"


def _shape_problems(
    shape: Any, labels: Collection[str] | None, width: int, height: int
) -> Iterator[str]:
    if not isinstance(shape, dict):
        yield f"it is {_kind(shape)}, not an object"
        return
    if not isinstance(shape.get("label"), str):
        yield "it has no label"
    elif labels is not None and shape["label"] not in labels:
        yield f"the label {shape['label']!r} is not in the label spec, so it is dropped"
    yield from _attribute_problems(shape.get("attributes", []))
    kind = shape.get("type")
    if not isinstance(kind, str) or kind not in _SHAPES:
        yield f"the type is {kind!r}, not one of {', '.join(_SHAPES)}"
        return
    yield from _SHAPES[kind](shape)
    # A turned box may reach over the edge: CVAT, too, leaves it where it is.
    upright = kind in ("rectangle", "polygon", "polyline", "points") and not shape.get("rotation")
    if upright and _is_flat(shape.get("points")):
        xs, ys = shape["points"][::2], shape["points"][1::2]
        if not all(0 <= x <= width for x in xs) or not all(0 <= y <= height for y in ys):
            yield f"it lies outside the picture of {width}x{height} pixels"


def _attribute_problems(attributes: Any) -> Iterator[str]:
    if not isinstance(attributes, list) or not all(
        isinstance(each, dict) and {"name", "value"} <= each.keys() for each in attributes
    ):
        yield "the attributes are not a list of objects with name and value"


def _points(fewest: int, exactly: bool = False) -> Callable[[Shape], Iterator[str]]:
    def problems(shape: Shape) -> Iterator[str]:
        points = shape.get("points")
        if not _is_flat(points):
            yield "the points are not one flat list of plain numbers"
        elif exactly and len(points) != fewest:
            yield f"a {shape['type']} has {len(points)} numbers, not {fewest}"
        elif len(points) < fewest or len(points) % 2:
            yield f"a {shape['type']} has {len(points)} numbers, not an even count from {fewest} on"
        if shape.get("rotation") and shape["type"] not in ("rectangle", "ellipse"):
            yield f"a {shape['type']} cannot be rotated"

    return problems


def _rotated(fewest: int) -> Callable[[Shape], Iterator[str]]:
    def problems(shape: Shape) -> Iterator[str]:
        yield from _points(fewest, exactly=True)(shape)
        rotation = shape.get("rotation", 0)
        if not _is_number(rotation) or not 0 <= rotation <= 360:
            yield f"the rotation is {rotation!r}, not degrees from 0 to 360"

    return problems


def _tag(_: Shape) -> Iterator[str]:
    yield from ()


def _mask(shape: Shape) -> Iterator[str]:
    mask = shape.get("mask")
    if not _is_flat(mask) or len(mask) < 5:
        yield "the mask is not a flat list of 0 and 1, followed by its box"
        return
    *pixels, left, top, right, bottom = mask
    area = (right - left + 1) * (bottom - top + 1)
    if right < left or bottom < top or len(pixels) != area:
        yield f"the mask has {len(pixels)} pixels, its box {area:g}"
    elif not set(pixels) <= {0, 1}:
        yield "the mask has values other than 0 and 1"
    elif not any(pixels):
        yield "the mask is empty"


def _skeleton(shape: Shape) -> Iterator[str]:
    elements = shape.get("elements")
    if not isinstance(elements, list) or not elements:
        yield "a skeleton has no elements"
        return
    if shape.get("points"):
        yield "a skeleton has points of its own"
    for element in elements:
        if (
            not isinstance(element, dict)
            or element.get("type") != "points"
            or not isinstance(element.get("label"), str)
            or not _is_flat(element.get("points"))
            or len(element["points"]) != 2
        ):
            yield "an element of a skeleton is not a labelled point with x and y"
    if all(isinstance(element, dict) and element.get("outside") for element in elements):
        yield "all elements of a skeleton are outside, so it is dropped"


_SHAPES: dict[str, Callable[[Shape], Iterator[str]]] = {
    "tag": _tag,
    "rectangle": _rotated(4),
    "polygon": _points(6),
    "polyline": _points(4),
    "points": _points(2),
    "ellipse": _rotated(4),
    "cuboid": _points(16, exactly=True),
    "mask": _mask,
    "skeleton": _skeleton,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_flat(value: Any) -> TypeGuard[list[float]]:
    return isinstance(value, list) and all(map(_is_number, value))


def _kind(value: Any) -> str:
    names = {dict: "an object", str: "a text", type(None): "null", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")
