from typing import Any

import pytest

from handler.cvat.reply import problems_in

ELEMENT = {"label": "nose", "type": "points", "points": [5, 5], "outside": False}
GOOD: dict[str, dict[str, Any]] = {
    "tag": {"label": "car", "type": "tag"},
    "rectangle": {"label": "car", "type": "rectangle", "points": [1, 2, 30.5, 40], "rotation": 359},
    "polygon": {"label": "car", "type": "polygon", "points": [1, 1, 9, 1, 9, 9]},
    "polyline": {"label": "car", "type": "polyline", "points": [1, 1, 9, 1]},
    "points": {"label": "car", "type": "points", "points": [1, 1]},
    "ellipse": {"label": "car", "type": "ellipse", "points": [50, 50, 60, 40]},
    "cuboid": {"label": "car", "type": "cuboid", "points": list(range(16))},
    "mask": {"label": "car", "type": "mask", "mask": [1, 0, 1, 1, 4, 5, 5, 6]},
    "skeleton": {"label": "car", "type": "skeleton", "elements": [ELEMENT]},
}


def problems(*shapes: Any) -> list[str]:
    return list(problems_in(list(shapes), ["car"], 100, 80))


def test_every_shape_that_cvat_takes_passes() -> None:
    assert problems(*GOOD.values()) == []
    assert problems() == []


def test_a_turned_box_may_reach_over_the_edge() -> None:
    assert problems(GOOD["rectangle"] | {"points": [-9, 2, 30, 40], "rotation": 30}) == []


@pytest.mark.parametrize(
    ("kind", "changes", "problem"),
    [
        ("tag", {"label": None}, "it has no label"),
        ("tag", {"label": "bus"}, "'bus' is not in the label spec"),
        ("tag", {"type": "box"}, "the type is 'box'"),
        ("tag", {"type": ["tag"]}, "the type is ['tag']"),
        ("tag", {"attributes": [{"name": "age"}]}, "name and value"),
        ("rectangle", {"points": [1, 2, 3]}, "3 numbers, not 4"),
        ("rectangle", {"points": [[1, 2], [3, 4]]}, "flat list of plain numbers"),
        ("rectangle", {"points": ["1", 2, 3, 4]}, "flat list of plain numbers"),
        ("rectangle", {"points": [True, 2, 3, 4]}, "flat list of plain numbers"),
        ("rectangle", {"points": [float("nan"), 2, 3, 4]}, "flat list of plain numbers"),
        ("rectangle", {"points": [-1, 2, 3, 4], "rotation": 0}, "outside the picture of 100x80"),
        ("rectangle", {"points": [1, 2, 3, 81], "rotation": 0}, "outside the picture of 100x80"),
        ("rectangle", {"rotation": -1}, "the rotation is -1"),
        ("ellipse", {"rotation": "90"}, "the rotation is '90'"),
        ("polygon", {"points": [1, 1, 9, 1]}, "4 numbers, not an even count from 6"),
        ("polygon", {"points": [1, 1, 9, 1, 9, 9, 1]}, "7 numbers, not an even count"),
        ("polygon", {"rotation": 90}, "cannot be rotated"),
        ("polyline", {"points": [1, 1]}, "2 numbers, not an even count from 4"),
        ("points", {"points": []}, "0 numbers, not an even count from 2"),
        ("cuboid", {"points": [1] * 8}, "8 numbers, not 16"),
        ("mask", {"mask": [1, 4, 5, 5, 6]}, "1 pixels, its box 4"),
        ("mask", {"mask": [1, 0, 2, 1, 4, 5, 5, 6]}, "values other than 0 and 1"),
        ("mask", {"mask": [0, 0, 0, 0, 4, 5, 5, 6]}, "the mask is empty"),
        ("mask", {"mask": []}, "not a flat list of 0 and 1"),
        ("skeleton", {"elements": []}, "no elements"),
        ("skeleton", {"points": [1, 2]}, "points of its own"),
        ("skeleton", {"elements": [ELEMENT | {"points": [1]}]}, "not a labelled point"),
        ("skeleton", {"elements": [ELEMENT | {"outside": True}]}, "so it is dropped"),
    ],
)
def test_each_way_to_break_a_shape_is_one_problem(
    kind: str, changes: dict[str, Any], problem: str
) -> None:
    (found,) = problems(GOOD["tag"], GOOD[kind] | changes)
    assert found.startswith("shape 2: ")
    assert problem in found


@pytest.mark.parametrize(
    ("reply", "problem"),
    [({"error": "x"}, "an object"), ("[]", "a text"), (None, "null")],
)
def test_what_is_no_list_is_said_to_be_so(reply: Any, problem: str) -> None:
    assert list(problems_in(reply, ["car"], 100, 80)) == [
        f"the reply is {problem}, not a list of shapes"
    ]
