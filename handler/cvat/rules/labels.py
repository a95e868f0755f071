"""What CVAT refuses or hides in a function's labels: the JSON in `metadata.annotations.spec`."""

import json
import re
from collections.abc import Iterator
from typing import Any

from handler.cvat.rules.consequences import HIDES_ALL
from handler.rules.function_file import FunctionFile, rows, table
from handler.rules.rule import Rules

LABEL_TYPES = (
    "any", "rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton",
    "tag",
)  # fmt: skip
ATTRIBUTE_KEYS = ("name", "input_type", "values")

RULES: Rules[FunctionFile] = Rules("CVAT")
rule = RULES


@rule(
    "label-spec",
    "error",
    "`metadata.annotations.spec` is a JSON text: a list of labels, at least one",
    "Let `auto-annotate function` write the labels from the weights.",
)
def _label_spec(function: FunctionFile) -> Iterator[str]:
    text = function.annotations.get("spec")
    if text is None:
        yield "The function names no labels (metadata.annotations.spec): nothing can be mapped"
        return
    try:
        labels = json.loads(text)
    except TypeError:
        yield f"The labels are YAML, not a text with JSON in it: {HIDES_ALL}"
    except (ValueError, RecursionError) as error:
        yield f"The labels are not JSON ({error}): {HIDES_ALL}"
    else:
        if not isinstance(labels, list) or len(rows(labels)) != len(labels):
            yield f"The labels are JSON, but not a list of objects: {HIDES_ALL}"
        elif not labels:
            yield "The list of labels is empty: nothing can be mapped"


@rule("label-name", "error", "every label has a name", "Give each label a `name`.")
def _label_name(function: FunctionFile) -> Iterator[str]:
    for index, label in enumerate(function.label_spec):
        if not isinstance(label.get("name"), str) or not label["name"]:
            yield f"Label {index + 1} has no name: {HIDES_ALL}"


@rule(
    "label-unique",
    "error",
    "no two labels have the same name",
    "Name each label once; classes of one name can share a label.",
)
def _label_unique(function: FunctionFile) -> Iterator[str]:
    names = [label["name"] for label in function.label_spec if isinstance(label.get("name"), str)]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{names.count(name)} labels are called {name!r}: CVAT hides the function"


@rule(
    "label-type",
    "error",
    f"a label's type is one of {', '.join(LABEL_TYPES)}",
    "Use the type of the shapes that the model returns, such as `rectangle`.",
)
def _label_type(function: FunctionFile) -> Iterator[str]:
    for label in function.label_spec:
        if label.get("type", "any") not in LABEL_TYPES:
            yield f"The label {label.get('name')!r} has the type {label['type']!r}, unknown to CVAT"


@rule(
    "label-attributes",
    "error",
    "an attribute has name, input_type and values; a number's values are whole min, max and step",
    'Write attributes as {"name": "age", "input_type": "number", "values": ["0", "99", "1"]}.',
)
def _label_attributes(function: FunctionFile) -> Iterator[str]:
    for label in function.label_spec:
        attributes = label.get("attributes", [])
        if not isinstance(attributes, list):
            yield f"The attributes of {label.get('name')!r} are not a list: {HIDES_ALL}"
            continue
        for attribute in map(table, attributes):
            missing = [key for key in ATTRIBUTE_KEYS if key not in attribute]
            if missing:
                what = f"{', '.join(missing)}: {HIDES_ALL}"
                yield f"An attribute of {label.get('name')!r} lacks {what}"
            elif attribute["input_type"] == "number" and not _is_range(attribute["values"]):
                yield (
                    f"The number {attribute['name']!r} of {label.get('name')!r} has the values "
                    f"{attribute['values']!r}, not a whole min, max and step"
                )


def _is_range(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) == 3
        and all(re.fullmatch(r"-?\d+", str(value)) for value in values)
    )


def _skeletons(function: FunctionFile) -> list[dict[str, Any]]:
    return [label for label in function.label_spec if label.get("type") == "skeleton"]


@rule(
    "skeleton-svg",
    "error",
    "a skeleton has the drawing of its points, `svg`, and they are its sublabels",
    "Draw the skeleton in CVAT's constructor and copy `svg` from its raw labels.",
)
def _skeleton_svg(function: FunctionFile) -> Iterator[str]:
    for label in _skeletons(function):
        if not isinstance(label.get("svg"), str) or "<" not in label["svg"]:
            yield f"The skeleton {label.get('name')!r} has no svg: {HIDES_ALL}"
            continue
        drawn = re.findall(r'data-label-name="([^"]*)"', label["svg"])
        names = [str(sublabel.get("name")) for sublabel in rows(label.get("sublabels"))]
        if drawn and names and set(drawn) != set(names):
            differing = ", ".join(sorted(set(drawn) ^ set(names))[:5])
            yield f"The svg of {label.get('name')!r} and its sublabels differ in {differing}"


@rule(
    "skeleton-sublabels",
    "error",
    "a skeleton has `sublabels`, all of the type points",
    "List the keypoints as `sublabels`, each with a name and the type `points`.",
)
def _skeleton_sublabels(function: FunctionFile) -> Iterator[str]:
    for label in _skeletons(function):
        sublabels = rows(label.get("sublabels"))
        if not sublabels:
            yield f"The skeleton {label.get('name')!r} has no sublabels: {HIDES_ALL}"
        for sublabel in sublabels:
            if sublabel.get("type", "points") != "points":
                yield (
                    f"The keypoint {sublabel.get('name')!r} of {label.get('name')!r} has the type "
                    f"{sublabel['type']!r}, not points"
                )
