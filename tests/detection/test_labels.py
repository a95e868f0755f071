from pathlib import Path

import pytest

from handler.detection.labels import SHAPE_TYPES, Label, check_agreement, labels_of, read_classes
from handler.errors import SettingsError, WeightsError


@pytest.fixture
def classes_file(tmp_path: Path) -> Path:
    return tmp_path / "classes.txt"


def test_a_class_list_is_one_name_a_line(classes_file: Path) -> None:
    classes_file.write_text("\ufeffcar\r\n traffic light \n歩行者 🚶\n\n", "utf-8")
    assert read_classes(classes_file) == ("car", "traffic light", "歩行者 🚶")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"car\n\nbus\n", "line 2 is empty"),
        ("Fußgänger\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_list_that_would_shift_or_garble_classes_is_refused(
    classes_file: Path, content: bytes, reason: str
) -> None:
    classes_file.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        read_classes(classes_file)


def test_classes_of_one_name_share_a_label() -> None:
    assert labels_of(["car", "bus", "car"]) == (Label("car"), Label("bus"))


@pytest.mark.parametrize("task", SHAPE_TYPES)
def test_each_task_has_its_own_type_and_model_yaml_chooses_another(task: str) -> None:
    default, last = SHAPE_TYPES[task][0], SHAPE_TYPES[task][-1]
    labels = labels_of(["car", "bus"], task, {"bus": last}, "score")
    assert labels == (
        Label("car", default, attributes=("score",)),
        Label("bus", last, attributes=("score",)),
    )


@pytest.mark.parametrize(
    ("types", "reason"),
    [
        ({"bsu": "polygon"}, "no class 'bsu'. Did you mean 'bus'"),
        ({"bus": "mask"}, "'bus' cannot be 'mask'. The task detect gives: rectangle, polygon"),
    ],
)
def test_types_that_cannot_be_are_refused(types: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        labels_of(["car", "bus"], "detect", types)


def test_a_colour_goes_with_the_name() -> None:
    colors = {Label(name).color for name in ("car", "bus", "bicycle")}
    assert len(colors) == 3
    assert Label("car", "mask").color == Label("car").color


def test_lists_that_agree_pass() -> None:
    check_agreement(["car", "bus"], ["car", "bus"], Path("classes.txt"))


def test_the_first_difference_is_shown() -> None:
    with pytest.raises(WeightsError, match="line 2 is 'van', but class 1 of the weights is 'bus'"):
        check_agreement(["car", "van", "x"], ["car", "bus"], Path("classes.txt"))


def test_a_list_that_is_too_short_is_refused() -> None:
    with pytest.raises(WeightsError, match="has 1 classes, the weights have 2"):
        check_agreement(["car"], ["car", "bus"], Path("classes.txt"))
