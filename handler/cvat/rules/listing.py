"""What CVAT refuses or hides in a function, but for its labels."""

import re
from collections.abc import Iterator
from typing import Any

from handler.cvat.rules.consequences import HIDES_ALL
from handler.rules.function_file import FunctionFile, table
from handler.rules.rule import Rules, dropping, setting

PROJECT = "cvat"
PROJECT_LABEL = "nuclio.io/project-name"
NAMESPACE = "nuclio"
FUNCTION_TYPES = ("detector", "interactor", "tracker", "reid")

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
        yield f"CVAT cannot read the function name {name!r}: {HIDES_ALL}"


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
        yield f"The version is {version!r}, not a whole number: {HIDES_ALL}"


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
        yield f"The function has no description: {HIDES_ALL}"


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
