"""What CVAT refuses or hides when it lists its functions.

Read in CVAT 2.73, `cvat/apps/lambda_manager/views.py`. CVAT asks Nuclio for all functions at once:
one that it cannot read hides every model of the server (cvat#8646, cvat#6346).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from handler.rules.function_file import FunctionFile, rows, table
from handler.rules.rule import Rules, dropping, setting

PROJECT = "cvat"
PROJECT_LABEL = "nuclio.io/project-name"
NAMESPACE = "nuclio"
FUNCTION_TYPES = ("detector", "interactor", "tracker", "reid")
LABEL_TYPES = (
    "any", "rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton",
    "tag",
)  # fmt: skip
ATTRIBUTE_KEYS = ("name", "input_type", "values")
_HIDES_ALL = "CVAT then shows no model at all, not even the others"

RULES: Rules[FunctionFile] = Rules("CVAT")
rule = RULES


@rule(
    "function-name",
    "error",
    "`metadata.name` consists of letters, digits, dots, dashes and underscores",
    "Write a name such as `cars-v2` into metadata.name.",
)
def _function_name(function: FunctionFile) -> Iterator[str]:
    name = function.metadata.get("name")
    if not name:
        yield "The function has no name"
    elif not re.fullmatch(r"[a-zA-Z0-9_.-]+", str(name)):
        yield f"CVAT cannot read the function name {name!r}: {_HIDES_ALL}"


@rule(
    "function-type",
    "error",
    "`metadata.annotations.type` is detector, interactor, tracker or reid",
    "Write `type: detector` under metadata.annotations (classification too: its labels are tags).",
)
def _function_type(function: FunctionFile) -> Iterator[str]:
    found = function.annotations.get("type")
    if found not in FUNCTION_TYPES:
        said = f"The function's type is {found!r}" if found else "The function has no type"
        yield f"{said}: CVAT leaves it out of its list without a word"


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
        yield f"The labels are YAML, not a text with JSON in it: {_HIDES_ALL}"
    except (ValueError, RecursionError) as error:
        yield f"The labels are not JSON ({error}): {_HIDES_ALL}"
    else:
        if not isinstance(labels, list) or len(rows(labels)) != len(labels):
            yield f"The labels are JSON, but not a list of objects: {_HIDES_ALL}"
        elif not labels:
            yield "The list of labels is empty: nothing can be mapped"


@rule("label-name", "error", "every label has a name", "Give each label a `name`.")
def _label_name(function: FunctionFile) -> Iterator[str]:
    for index, label in enumerate(function.label_spec):
        if not isinstance(label.get("name"), str) or not label["name"]:
            yield f"Label {index + 1} has no name: {_HIDES_ALL}"


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
            yield f"The attributes of {label.get('name')!r} are not a list: {_HIDES_ALL}"
            continue
        for attribute in map(table, attributes):
            missing = [key for key in ATTRIBUTE_KEYS if key not in attribute]
            if missing:
                what = f"{', '.join(missing)}: {_HIDES_ALL}"
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
            yield f"The skeleton {label.get('name')!r} has no svg: {_HIDES_ALL}"
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
            yield f"The skeleton {label.get('name')!r} has no sublabels: {_HIDES_ALL}"
        for sublabel in sublabels:
            if sublabel.get("type", "points") != "points":
                yield (
                    f"The keypoint {sublabel.get('name')!r} of {label.get('name')!r} has the type "
                    f"{sublabel['type']!r}, not points"
                )


@rule(
    "display-name",
    "info",
    "`metadata.annotations.name` is what CVAT shows",
    "Write the name that annotators know as `name` under metadata.annotations.",
)
def _display_name(function: FunctionFile) -> Iterator[str]:
    if not function.annotations.get("name"):
        yield f"The function has no title: annotators see {function.name!r}"


@rule(
    "function-version",
    "error",
    "`metadata.annotations.version`, if there is one, is a whole number",
    'Write a whole number such as `version: "1"`, or leave it out.',
    dropping("metadata", "annotations", "version"),
)
def _function_version(function: FunctionFile) -> Iterator[str]:
    version = function.annotations.get("version")
    if version is not None and not re.fullmatch(r"[+-]?\d+", str(version)):
        yield f"The version is {version!r}, not a whole number: {_HIDES_ALL}"


@rule(
    "startswith-box",
    "warning",
    "`metadata.annotations.startswith_box` is not a text that means no",
    "Leave startswith_box out.",
    dropping("metadata", "annotations", "startswith_box"),
)
def _startswith_box(function: FunctionFile) -> Iterator[str]:
    value = function.annotations.get("startswith_box")
    if value is not None and str(value).strip().lower() in ("false", "no", "0", "off"):
        yield f"startswith_box is {value!r}, and CVAT takes every text for yes"


@rule(
    "description",
    "error",
    "`spec.description` is not empty",
    "Write a line about the model into spec.description.",
)
def _description(function: FunctionFile) -> Iterator[str]:
    if not str(function.spec.get("description") or "").strip():
        yield f"The function has no description: {_HIDES_ALL}"


def _project(function: FunctionFile) -> Any:
    return table(function.metadata.get("labels")).get(PROJECT_LABEL)


@rule(
    "project-label",
    "warning",
    f"`metadata.labels` has `{PROJECT_LABEL}: {PROJECT}`",
    f"Write `{PROJECT_LABEL}: {PROJECT}` under metadata.labels.",
    setting("metadata", "labels", PROJECT_LABEL, PROJECT),
)
def _project_label(function: FunctionFile) -> Iterator[str]:
    if _project(function) is None:
        yield (
            "The file names no project: without `nuctl --project-name cvat` the function lands in "
            "the project default, where CVAT does not look"
        )


@rule(
    "other-project",
    "error",
    f"the function is in no other project than `{PROJECT}`",
    f"Write `{PROJECT_LABEL}: {PROJECT}` under metadata.labels.",
    setting("metadata", "labels", PROJECT_LABEL, PROJECT),
)
def _other_project(function: FunctionFile) -> Iterator[str]:
    project = _project(function)
    if project is not None and project != PROJECT:
        yield f"The function is in the project {project!r}, and CVAT only lists the project 'cvat'"


@rule(
    "namespace",
    "warning",
    f"`metadata.namespace` is `{NAMESPACE}`",
    f"Write `namespace: {NAMESPACE}` under metadata.",
    setting("metadata", "namespace", NAMESPACE),
)
def _namespace(function: FunctionFile) -> Iterator[str]:
    namespace = function.metadata.get("namespace")
    if namespace is not None and namespace != NAMESPACE:
        yield (
            f"The namespace is {namespace!r}, but CVAT asks for {NAMESPACE!r} "
            "(nuctl puts its own --namespace in the place of this one)"
        )
