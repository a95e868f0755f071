from typing import Any

import pytest

from handler.detection.labels import Label
from handler.detection.skeletons import COCO, COCO_EDGES, keypoint_names, places, with_skeletons
from handler.errors import SettingsError


@pytest.mark.parametrize(
    ("count", "classes", "trained", "expected"),
    [
        (2, ["hand"], ["wrist", "tip"], ("wrist", "tip")),
        (17, ["person"], [], tuple(COCO)),
        (17, ["cow"], [], tuple(str(number) for number in range(1, 18))),
        (2, ["hand"], ["tip", "tip"], ("1", "2")),
        (0, ["car"], [], ()),
    ],
)
def test_keypoints_are_named_by_the_weights_or_by_coco_or_numbered(
    count: int, classes: list[str], trained: list[str], expected: tuple[str, ...]
) -> None:
    assert keypoint_names(count, classes, trained) == expected


def skeleton(config: dict[str, Any], keypoints: tuple[str, ...] = ("1", "2", "3")) -> Label:
    (label,) = with_skeletons([Label("hand", "skeleton")], keypoints, config)
    return label


def test_a_person_has_coco_s_edges() -> None:
    assert skeleton({}, tuple(COCO)).edges == COCO_EDGES


def test_model_yaml_names_the_points_and_their_edges() -> None:
    label = skeleton({"keypoints": ("a", "b", "c"), "skeleton": (("a", "c"), ("c", "b"))})
    assert label.keypoints == ("a", "b", "c")
    assert label.edges == ((0, 2), (2, 1))


def test_points_without_names_are_joined_by_their_numbers() -> None:
    assert skeleton({"skeleton": (("1", "3"),)}).edges == ((0, 2),)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"keypoints": ("a", "b")}, "has 2 different names, the model has 3 keypoints"),
        ({"keypoints": ("a", "b", "b")}, "has 2 different names, the model has 3 keypoints"),
        ({"keypoints": ("tip", "b", "c"), "skeleton": (("tipp", "b"),)}, "Did you mean 'tip'"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(config: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        skeleton(config)


def test_only_skeletons_get_keypoints() -> None:
    labels = [Label("hand", "skeleton"), Label("arm", "rectangle")]
    assert [label.keypoints for label in with_skeletons(labels, ("1", "2"), {})] == [
        ("1", "2"),
        (),
    ]


@pytest.mark.parametrize("names", [tuple(COCO), ("a",), tuple("abcdefgh")])
def test_each_point_has_a_place_of_its_own_on_the_picture(names: tuple[str, ...]) -> None:
    where = places(names)
    assert len(set(where)) == len(names)
    assert all(0 <= value <= 100 for point in where for value in point)
