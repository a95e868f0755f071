from pathlib import Path

import pytest

from handler.errors import SettingsError, WeightsError
from handler.models.folder.model_folder import ModelFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "best.pt").write_bytes(b"weights")
    return tmp_path


def test_weights_alone_are_enough(folder: Path) -> None:
    opened = ModelFolder.open(folder)
    assert (opened.weights, opened.classes, opened.config) == (folder / "best.pt", None, {})


def test_the_class_list_and_the_configuration_are_read(folder: Path) -> None:
    (folder / "classes.txt").write_text("car\nbus\n")
    (folder / "model.yaml").write_text("title: Cars\nthreshold: 0.4\nimage_size: 1280\n")
    opened = ModelFolder.open(folder)
    assert opened.classes == ("car", "bus")
    assert opened.config == {"title": "Cars", "threshold": 0.4, "image_size": 1280}


def test_a_weights_file_can_be_named_itself(folder: Path) -> None:
    (folder / "last.pt").write_bytes(b"weights")
    assert ModelFolder.open(folder / "last.pt").weights == folder / "last.pt"


def test_a_missing_folder_says_where_to_mount_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"does not exist.*Mount the folder"):
        ModelFolder.open(tmp_path / "nothing")


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="The folder is empty"):
        ModelFolder.open(tmp_path)


def test_a_folder_without_weights_shows_what_it_holds(tmp_path: Path) -> None:
    for index in range(10):
        (tmp_path / f"{index}.jpg").touch()
    with pytest.raises(WeightsError, match=r"No weights.*0\.jpg, .* and 2 more"):
        ModelFolder.open(tmp_path)


def test_of_several_weights_model_yaml_chooses(folder: Path) -> None:
    (folder / "last.pt").write_bytes(b"weights")
    with pytest.raises(WeightsError, match=r"several weights: best\.pt, last\.pt"):
        ModelFolder.open(folder)
    (folder / "model.yaml").write_text("weights: last.pt\n")
    assert ModelFolder.open(folder).weights == folder / "last.pt"


def test_weights_that_model_yaml_names_must_exist(folder: Path) -> None:
    (folder / "model.yaml").write_text("weights: final.pt\n")
    with pytest.raises(WeightsError, match=r"final\.pt does not exist.*holds: best\.pt"):
        ModelFolder.open(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("treshold: 0.5", "unknown key 'treshold'. Did you mean 'threshold'"),
        ("threshold: high", "threshold is 'high', not a number from 0 to 1"),
        ("threshold: true", "threshold is True, not a number from 0 to 1"),
        ("max_detections: 0", "max_detections is 0, not a whole number above 0"),
        ("agnostic_nms: perhaps", "agnostic_nms is 'perhaps', not true or false"),
        ("title: ''", "title is '', not a text"),
        ("- a list", "not a table of keys and values"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_wrong_model_yaml_says_which_line_of_it(folder: Path, content: str, reason: str) -> None:
    (folder / "model.yaml").write_text(content)
    with pytest.raises(SettingsError, match=reason):
        ModelFolder.open(folder)


def test_an_empty_model_yaml_is_no_configuration(folder: Path) -> None:
    (folder / "model.yaml").write_text("# nothing yet\n")
    assert ModelFolder.open(folder).config == {}
