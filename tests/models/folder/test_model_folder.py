import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handler.errors import SettingsError, WeightsError
from handler.models.folder.metadata import of_openvino
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.recognition import recognise


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


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("best.engine", "a TensorRT engine"),
        ("best.tflite", "TensorFlow Lite"),
        ("best_edgetpu.tflite", "TensorFlow Lite"),
        ("best.mlpackage/", "Core ML"),
        ("best_ncnn_model/", "NCNN"),
        ("best.mnn", "MNN"),
        ("best_executorch_model/", "ExecuTorch"),
        ("best_paddle_model/", "PaddlePaddle"),
        ("best_saved_model/", "TensorFlow"),
        ("best_rknn_model/", "Rockchip"),
        ("best.safetensors", "tensors without the architecture"),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_files_of_other_runtimes_are_named_with_what_to_bring(
    tmp_path: Path, name: str, what: str, named: bool
) -> None:
    path = tmp_path / name
    if name.endswith("/"):
        path.mkdir()
    else:
        path.write_bytes(b"weights")
    if named:
        (tmp_path / "model.yaml").write_text(f"weights: {path.name}\n")
    with pytest.raises(WeightsError, match=rf"{path.name} is .*{what}.*Bring the \.pt"):
        ModelFolder.open(tmp_path)
    with pytest.raises(WeightsError, match=f"{what}.*Bring"):
        ModelFolder.open(path)


def network(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "best.xml").write_text('<?xml version="1.0"?>\n<net name="best" version="11">')
    (folder / "best.bin").write_bytes(b"numbers")
    return folder


@pytest.mark.parametrize("name", ["cars", "best_openvino_model"])
def test_a_network_of_openvino_is_found_whatever_its_folder_is_called(
    tmp_path: Path, name: str
) -> None:
    inside = network(tmp_path / name)
    assert ModelFolder.open(tmp_path).weights == inside
    assert ModelFolder.open(inside).weights == inside
    assert ModelFolder.open(inside / "best.xml").weights == inside


def test_model_yaml_may_lie_beside_the_network_itself(tmp_path: Path) -> None:
    network(tmp_path)
    (tmp_path / "model.yaml").write_text("threshold: 0.4\n")
    opened = ModelFolder.open(tmp_path)
    assert (opened.path, opened.weights, opened.config) == (tmp_path, tmp_path, {"threshold": 0.4})


@pytest.mark.parametrize("name", ["cars", "best_openvino_model"])
def test_a_network_without_its_bin_is_said_to_lack_it(tmp_path: Path, name: str) -> None:
    inside = network(tmp_path / name)
    (inside / "best.bin").unlink()
    for path in (tmp_path, inside):
        with pytest.raises(WeightsError, match=r"best\.xml lacks its \.bin.*whole folder"):
            of_openvino(ModelFolder.open(path).weights)


@pytest.mark.parametrize("name", ["model.yaml", "classes.txt", "best.pt", ""])
def test_what_may_not_be_read_is_named_with_the_command_that_mends_it(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "cars")
        folder.mkdir()
        (folder / "best.pt").write_bytes(b"weights")
        (folder / "classes.txt").write_text("car\n")
        (folder / "model.yaml").write_text("threshold: 0.4\n")
        Path(root).chmod(0o755)
        (folder / name).chmod(0)
        with as_user(10001), pytest.raises(WeightsError) as caught:
            recognise(ModelFolder.open(folder))
        (folder / name).chmod(0o755)
        assert "cannot be read by the user 10001" in str(caught.value)
        assert str(folder / name) in str(caught.value)
        assert f"chmod -R a+rX {folder}" in str(caught.value)


@contextmanager
def as_user(number: int) -> Iterator[None]:
    if os.geteuid():
        pytest.skip("only root can be another user")
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
