from types import SimpleNamespace

import pytest

from handler.cvat.task.matching import match
from handler.detection.labels import Label
from handler.errors import SettingsError

PERSON = Label("person", "skeleton", keypoints=("nose", "tail"))


def theirs(name: str, kind: str, keypoints: tuple[str, ...] = ()) -> SimpleNamespace:
    points = [SimpleNamespace(name=point, id=index) for index, point in enumerate(keypoints)]
    return SimpleNamespace(name=name, type=kind, id=7, sublabels=points, attributes=[])


@pytest.mark.parametrize(
    ("ours", "task", "kind", "becomes"),
    [
        ("rectangle", "detect", "any", "rectangle"),
        ("rectangle", "detect", "rectangle", "rectangle"),
        ("rectangle", "detect", "ellipse", "ellipse"),
        ("mask", "segment", "polygon", "polygon"),
        ("polygon", "segment", "mask", "mask"),
        ("mask", "segment", "any", "mask"),
        ("tag", "classify", "any", "tag"),
    ],
)
def test_the_task_decides_on_the_type(ours: str, task: str, kind: str, becomes: str) -> None:
    labels = match([Label("a", ours)], task, [theirs("a", kind)]).labels
    assert labels == (Label("a", becomes),)


def test_a_skeleton_needs_every_keypoint_of_the_task() -> None:
    assert match([PERSON], "pose", [theirs("person", "skeleton", ("nose",))]).labels == (PERSON,)
    with pytest.raises(SettingsError, match="No label of the model fits the task"):
        match([PERSON], "pose", [theirs("person", "skeleton", ("nose", "ear"))])


def test_what_the_model_cannot_give_is_left_out() -> None:
    ours = [Label("a"), Label("b"), Label("a")]
    found = match(ours, "detect", [theirs("a", "rectangle"), theirs("b", "mask")])
    assert found.labels == (Label("a"), None, Label("a"))
    assert found.notes == (
        "b: the task wants mask, the model gives rectangle, polygon, ellipse; left out",
    )


def test_long_lists_are_cut() -> None:
    with pytest.raises(SettingsError, match=r"and 70 more; the task has none"):
        match([Label(f"class {number}") for number in range(100)], "detect", [])
