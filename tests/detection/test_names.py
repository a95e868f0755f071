"""Names as files have them that strangers trained."""

from pathlib import Path
from typing import Any

import pytest

from handler.detection.names import ClassNames
from handler.errors import WeightsError


def names(
    written: Any, listed: tuple[str, ...] | None = None, outputs: int | None = None
) -> ClassNames:
    return ClassNames.of(written, listed, outputs, Path("best.pt"), Path("classes.txt"))


@pytest.mark.parametrize(
    "written",
    [["car", "bus"], ("car", "bus"), {0: "car", 1: "bus"}, {"1": "bus", "0": "car"}],
)
def test_names_are_numbered_in_order_however_they_are_written(written: Any) -> None:
    assert names(written, outputs=2).classes == ("car", "bus")


@pytest.mark.parametrize("written", [None, [], {}, {0: "", 1: ""}, {1: "bus"}, ["car", " "]])
def test_classes_txt_names_what_the_weights_do_not(written: Any) -> None:
    assert names(written, ("car", "bus"), 2).classes == ("car", "bus")


def test_names_that_are_no_texts_are_written_as_such() -> None:
    assert names({0: 7, 1: True}).classes == ("7", "True")


def test_more_names_than_outputs_are_taken_as_the_library_takes_them() -> None:
    assert names(["car", "bus"], outputs=1).classes == ("car", "bus")


@pytest.mark.parametrize(
    ("written", "outputs", "reason"),
    [
        (None, 2, r"carries no class names.* classes\.txt beside .* 2 lines"),
        ([], None, r"carries no class names"),
        (["car", "bus"], 80, r"has 2 names for the 80 classes.* Write classes\.txt .*80 lines"),
        (["car"], 2, r"has 1 name for the 2 classes"),
        ({0: "car", 2: "bus"}, None, "class 1 has no name"),
        ({0: "car", 2: "bus"}, 4, "class 1 has no name"),
        (["car", " "], None, "the name of class 1 is empty"),
        ({"car": 0}, None, "not numbered from 0"),
        (7, None, "not numbered from 0"),
    ],
)
def test_a_class_without_a_name_is_refused_in_one_line(
    written: Any, outputs: int | None, reason: str
) -> None:
    with pytest.raises(WeightsError, match=reason) as caught:
        names(written, outputs=outputs)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("listed", "outputs", "reason"),
    [
        (("car", "van"), 2, "line 2 is 'van', but class 1 of the weights is 'bus'"),
        (("car",), 2, "has 1 classes, the weights have 2"),
        (("car", "bus", "van"), 2, "has 3 classes, the weights have 2"),
        (("car", "bus", "van"), None, "has 3 classes, the weights have 2"),
        (("car", "bus", "van"), 4, "has 3 classes, the weights have 4"),
    ],
)
def test_classes_txt_has_to_agree(
    listed: tuple[str, ...], outputs: int | None, reason: str
) -> None:
    with pytest.raises(WeightsError, match=reason):
        names(["car", "bus"], listed, outputs)


def test_names_are_as_labels_hold_them_and_what_was_changed_is_said() -> None:
    found = names([" car", "b" * 70, "ok"])
    assert found.classes == ("car", "b" * 64, "ok")
    assert len(found.remarks) == 2
    assert found.remarks[0].startswith("class 0, ' car', is the label 'car'")


def test_a_trimmed_name_agrees_with_classes_txt() -> None:
    assert names(["car "], ("car",)).classes == ("car",)
