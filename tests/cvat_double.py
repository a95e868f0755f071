"""CVAT as a function sees it: how it lists functions, calls them and reads what they answer.

Written from what CVAT 2.73 does (`cvat/apps/lambda_manager/views.py`, the shape serializers of
`cvat/apps/engine/serializers.py`), apart from the package, which is tested against it.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LABEL_TYPES = (
    "any", "rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton",
    "tag",
)  # fmt: skip
KINDS = ("detector", "interactor", "tracker", "reid")


class BrokenListError(Exception):
    """One function that hides every model: "Could not get models from the server"."""


class HiddenFunctionError(Exception):
    """A function that CVAT leaves out of its list without a word."""


class RejectedFrameError(Exception):
    """An answer of which CVAT stores nothing."""


@dataclass(frozen=True)
class Label:
    """A label of a function, or of a task: its type and its attributes by name."""

    type: str = "any"
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sublabels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    """What CVAT keeps of one entry of the list. `port` is None of one that was never up."""

    id: str
    kind: str
    name: str
    description: str
    version: int
    labels: Mapping[str, Label]
    state: str
    port: int | None


def read_function(entry: Any) -> Function:
    """Return one function, `{metadata, spec, status}`.

    Raises:
        BrokenListError: CVAT fails on it, and so on the whole list.
        HiddenFunctionError: CVAT leaves it out.
    """
    try:
        annotations = entry["metadata"]["annotations"]
        spec = json.loads(annotations.get("spec") or "[]")
        labels = [(label["name"], _read_label(label)) for label in spec]
        function = Function(
            id=entry["metadata"]["name"],
            kind=annotations.get("type", ""),
            name=annotations.get("name", entry["metadata"]["name"]),
            description=entry["spec"]["description"],
            version=int(annotations.get("version", "1")),
            labels=dict(labels),
            state=entry["status"]["state"],
            port=entry["status"].get("httpPort"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenListError(f"{type(error).__name__}: {error}") from error
    if not re.fullmatch(r"[a-zA-Z0-9_.-]+", function.id):
        raise BrokenListError(f"no address leads to {function.id!r}")
    if not function.description:
        raise BrokenListError("Nuclio drops an empty description")
    if len(function.labels) != len(labels):
        raise HiddenFunctionError("two labels of one name")
    if function.kind not in KINDS:
        raise HiddenFunctionError(f"type {function.kind!r}")
    return function


def _read_label(label: Any) -> Label:
    kind = label.get("type", "any")
    if kind not in LABEL_TYPES:
        raise ValueError(f"label type {kind!r}")
    attributes = {}
    for attribute in label.get("attributes", []):
        name, input_type, values = (attribute[key] for key in ("name", "input_type", "values"))
        if input_type == "number":
            _, _, _ = (int(value) for value in values)
        attributes[name] = {"input_type": input_type, "values": values}
    sublabels: tuple[str, ...] = ()
    if kind == "skeleton":
        if "<" not in label["svg"]:
            raise ValueError("a skeleton without a drawing")
        if any(sublabel.get("type", "points") != "points" for sublabel in label["sublabels"]):
            raise ValueError("a keypoint that is no point")
        sublabels = tuple(sublabel["name"] for sublabel in label["sublabels"])
    return Label(kind, attributes, sublabels)


def read_list(reply: Any) -> dict[str, Function]:
    """Return the functions of a list, by id; what CVAT hides is left out. Raises BrokenListError.

    `reply` is the body of GET /api/functions as JSON.
    """
    if not isinstance(reply, dict):
        raise BrokenListError("the list is not an object")
    functions = {}
    for name, entry in reply.items():
        try:
            function = read_function(entry)
        except HiddenFunctionError:
            continue
        assert name == function.id
        functions[name] = function
    return functions


def annotations_of(
    reply: Any, function: Function, task: Mapping[str, Label] | None = None
) -> list[dict[str, Any]]:
    """Return what CVAT stores of a detector's answer in a task with the labels `task`.

    Without `task` it has the function's own labels. What CVAT drops silently is left out.

    Raises:
        RejectedFrameError: CVAT stores nothing of it, or something that is not what was meant.
    """
    task = function.labels if task is None else task
    if not isinstance(reply, list):
        raise RejectedFrameError(f"{reply!r} is not a list")
    stored = []
    for shape in reply:
        _require("label" in shape, "no label")
        label = task.get(shape["label"])
        if label is None or not _fits(shape.get("type"), label.type):
            continue
        if shape["type"] == "skeleton" and all(each["outside"] for each in shape["elements"]):
            continue
        rule = _SHAPES.get(shape["type"])
        if rule is None:
            raise RejectedFrameError(f"type {shape['type']!r}")
        rule(shape)
        stored.append(
            {
                key: shape[key]
                for key in ("label", "type", "points", "rotation", "mask", "elements", "group_id")
                if key in shape
            }
            | {"attributes": _attributes(shape.get("attributes", []), label)}
        )
    return stored


def _fits(shape: Any, label: str) -> bool:
    if "skeleton" in (shape, label):
        return bool(shape == label)
    return label == "any" or shape == label or {shape, label} == {"mask", "polygon"}


def _attributes(given: Any, label: Label) -> list[dict[str, str]]:
    kept = []
    for attribute in given:
        name, value = attribute["name"], attribute["value"]
        known = label.attributes.get(name)
        if known is None:
            continue
        check = _VALUES.get(known["input_type"], _is_listed)
        if isinstance(value, str) and check(value, known["values"]):
            kept.append({"name": name, "value": value})
    return kept


def _is_in_range(text: str, values: Any) -> bool:
    smallest, largest, step = (int(each) for each in values)
    if not re.fullmatch(r"-?\d+", text):
        return False
    return smallest <= int(text) <= largest and (int(text) - smallest) % step == 0


def _is_listed(text: str, values: Any) -> bool:
    return text in values


_VALUES: dict[str, Callable[[str, Any], bool]] = {
    "number": _is_in_range,
    "checkbox": lambda text, _: text in ("true", "false"),
    "text": lambda text, _: len(text) <= 4096,
}


def _require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise RejectedFrameError(otherwise)


def _numbers(values: Any) -> list[float]:
    _require(isinstance(values, list), "points that are no list")
    for value in values:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        _require(plain and math.isfinite(value), f"{value!r} is no plain number")
    return list(values)


def _points(fewest: int, exactly: bool = False) -> Callable[[Any], None]:
    def rule(shape: Any) -> None:
        count = len(_numbers(shape.get("points")))
        _require(count == fewest if exactly else count >= fewest and count % 2 == 0, f"{count}")
        may_turn = shape["type"] in ("rectangle", "ellipse")
        rotation = shape.get("rotation", 0)
        _require(0 <= rotation <= 360 if may_turn else not rotation, f"rotation {rotation!r}")

    return rule


def _mask(shape: Any) -> None:
    *pixels, left, top, right, bottom = _numbers(shape.get("mask"))
    _require(pixels, "an empty mask")
    _require(len(pixels) == (right - left + 1) * (bottom - top + 1), "a mask of another size")
    _require(set(pixels) == {0, 1} or set(pixels) == {1}, "a mask without a pixel")
    _points(6)({"type": "polygon", "points": shape.get("points")})


def _skeleton(shape: Any) -> None:
    _require(not shape.get("points"), "a skeleton with points of its own")
    for element in shape["elements"]:
        _require(element["type"] == "points" and "label" in element, "no labelled point")
        _require(len(_numbers(element["points"])) == 2, "a point of other than two numbers")


_SHAPES: dict[str, Callable[[Any], None]] = {
    "tag": lambda _: None,
    "rectangle": _points(4, exactly=True),
    "polygon": _points(6),
    "polyline": _points(4),
    "points": _points(2),
    "ellipse": _points(4, exactly=True),
    "cuboid": _points(16, exactly=True),
    "mask": _mask,
    "skeleton": _skeleton,
}
