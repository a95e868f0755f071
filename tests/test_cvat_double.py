"""The double refuses what CVAT refuses: a test that leans on it must be able to fail."""

import json
from typing import Any

import pytest

from tests.cvat_client import payload
from tests.cvat_double import (
    BrokenListError,
    Function,
    HiddenFunctionError,
    Label,
    RejectedFrameError,
    annotations_of,
    read_function,
    read_list,
)


def entry(**annotations: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "cars",
            "annotations": {"type": "detector", "spec": '[{"name": "car"}]', **annotations},
        },
        "spec": {"description": "Finds cars"},
        "status": {"state": "ready", "httpPort": 32001},
    }


def labels(*entries: dict[str, Any]) -> str:
    return json.dumps(entries)


def test_a_function_is_read() -> None:
    function = read_function(entry(name="Cars"))
    assert (function.id, function.name, function.port) == ("cars", "Cars", 32001)
    assert function.labels == {"car": Label("any")}


@pytest.mark.parametrize(
    "annotations",
    [
        {"spec": "[{]"},
        {"version": "1.0"},
        {"spec": labels({"name": "car", "type": "box"})},
        {"spec": labels({"type": "mask"})},
        {"spec": labels({"name": "car", "attributes": [{"name": "age"}]})},
        {"spec": labels({"name": "man", "type": "skeleton", "sublabels": []})},
    ],
)
def test_one_bad_function_breaks_the_list(annotations: dict[str, str]) -> None:
    with pytest.raises(BrokenListError):
        read_list({"cars": entry(**annotations)})


def test_an_empty_description_breaks_the_list() -> None:
    with pytest.raises(BrokenListError):
        read_function(entry() | {"spec": {}})


def test_what_cvat_hides_is_left_out() -> None:
    assert read_list({"cars": entry(type="classifier")}) == {}
    with pytest.raises(HiddenFunctionError):
        read_function(entry(spec=labels({"name": "car"}, {"name": "car"})))


FUNCTION = Function(
    id="cars",
    kind="detector",
    name="Cars",
    description="Finds cars",
    version=1,
    labels={
        "car": Label("rectangle", {"score": {"input_type": "text", "values": [""]}}),
        "road": Label("mask"),
        "man": Label("skeleton", {}, ("head",)),
    },
    state="ready",
    port=None,
)
BOX = {"label": "car", "type": "rectangle", "points": [1, 2, 3.5, 4]}
MASK = {"label": "road", "type": "mask", "mask": [1, 0, 5, 5, 6, 5], "points": [5, 5, 6, 5, 6, 6]}
MAN = {
    "label": "man",
    "type": "skeleton",
    "elements": [{"label": "head", "type": "points", "points": [1, 2], "outside": False}],
}


def test_shapes_are_stored_with_the_attributes_that_the_label_has() -> None:
    given = [{"name": "score", "value": "0.9"}, {"name": "colour", "value": "red"}]
    stored = annotations_of([BOX | {"attributes": given}, MASK, MAN], FUNCTION)
    assert [shape["type"] for shape in stored] == ["rectangle", "mask", "skeleton"]
    assert stored[0]["attributes"] == given[:1]


def test_what_the_task_has_no_label_for_is_dropped() -> None:
    assert annotations_of([BOX | {"label": "bus"}, BOX | {"type": "polygon"}], FUNCTION) == []
    assert annotations_of([MASK], FUNCTION, {"road": Label("polygon")})


@pytest.mark.parametrize(
    "shape",
    [
        BOX | {"points": [1, 2, 3]},
        BOX | {"points": [1, 2, "3", 4]},
        BOX | {"points": [1, 2, True, 4]},
        BOX | {"points": [1, 2, float("nan"), 4]},
        BOX | {"rotation": -1},
        {"type": "rectangle", "points": [1, 2, 3, 4]},
        MASK | {"mask": [1, 5, 5, 6, 5]},
        MASK | {"mask": [0, 0, 5, 5, 6, 5]},
        MAN | {"points": [1, 2]},
    ],
)
def test_one_bad_shape_rejects_the_frame(shape: dict[str, Any]) -> None:
    with pytest.raises(RejectedFrameError):
        annotations_of([BOX, shape], FUNCTION)


def test_an_answer_that_is_no_list_is_rejected() -> None:
    with pytest.raises(RejectedFrameError):
        annotations_of({"error": "no"}, FUNCTION)


def test_a_threshold_of_zero_is_never_sent() -> None:
    assert payload(b"", 0) == {"image": ""}
    assert payload(b"", 0.3) == {"image": "", "threshold": 0.3}
