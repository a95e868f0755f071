"""Files that strangers publish, each with its own message and what to do."""

from pathlib import Path

import pytest
import torch

from handler.errors import WeightsError
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.recognition import family_of
from tests.conftest import pickle_importing


def field(number: int, content: bytes | str) -> bytes:
    """Return a field of a protocol buffer, below 128 bytes."""
    encoded = content.encode() if isinstance(content, str) else content
    return bytes([number << 3 | 2, len(encoded)]) + encoded


def onnx(*fields: bytes) -> bytes:
    return b"\x08\x08" + b"".join(fields) + field(7, b"graph")


def torchscript(path: Path) -> None:
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), path)


PICKLES = {
    "ultralytics.nn.tasks.DetectionModel": "ultralytics",
    "models.yolo.DetectionModel": "yolov5",
    "models.yolo.Model": "yolov5",
    "yolov5.models.yolo.DetectionModel": "yolov5",
    "mmengine.logging.history_buffer.HistoryBuffer": "mmrotate",
}


@pytest.mark.parametrize("name", PICKLES)
@pytest.mark.parametrize("file", ["best.pt", "yolov5s.pt", "yolov3.pt"])
def test_a_family_is_told_by_what_the_file_imports_not_by_its_name(
    tmp_path: Path, name: str, file: str
) -> None:
    path = tmp_path / file
    path.write_bytes(pickle_importing(name))
    assert family_of(path, Checkpoint.inspect(path)) == PICKLES[name]


FOREIGN = {
    "models.yolo.IDetect": "YOLOv7 .* plugin",
    "models.yolo.DualDDetect": "YOLOv9 model of its authors",
    "models.common.StemBlock": "corner points, a fork of YOLOv5.* keypoints",
    "mmdet.models.detectors.RetinaNet": "whole MMDetection model",
    "yolox.models.YOLOX": "YOLOX",
    "yolov6.models.yolo.Model": "YOLOv6",
    "torchvision.models.resnet.ResNet": "whole torchvision model.*state_dict",
    "somebody.net.Model": "no known family|imports somebody.net.Model.* `family:`",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_no_family_loads_is_named_with_a_remedy(tmp_path: Path, name: str) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(pickle_importing(name))
    with pytest.raises(WeightsError, match=FOREIGN[name]) as caught:
        family_of(path, Checkpoint.inspect(path))
    assert caught.value.remedy


def test_a_bare_state_dict_is_told_by_its_tensors(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({"backbone.conv.weight": torch.zeros(1), "head.bias": torch.zeros(1)}, path)
    with pytest.raises(
        WeightsError,
        match=r"bare state dict \(backbone.conv.weight, head.bias.*architecture.*export it to ONNX",
    ):
        family_of(path, Checkpoint.inspect(path))


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_torchscript_of_other_origin_has_to_be_explained(tmp_path: Path) -> None:
    torchscript(tmp_path / "best.pt")
    checkpoint = Checkpoint.inspect(tmp_path / "best.pt")
    assert checkpoint.kind == "torchscript"
    with pytest.raises(WeightsError, match=r"TorchScript that does not say.*family: torchscript"):
        family_of(tmp_path / "best.pt", checkpoint)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (onnx(field(2, "pytorch")), "ONNX model of pytorch without metadata.* plugin"),
        (onnx(), "of unknown origin without metadata"),
    ],
)
def test_onnx_is_told_by_its_metadata(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "best.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        family_of(path, Checkpoint.inspect(path))


def test_an_export_is_told_by_the_names_of_its_classes(tmp_path: Path) -> None:
    path = tmp_path / "best.onnx"
    path.write_bytes(onnx(field(14, field(1, "names") + field(2, "{0: 'car'}"))))
    assert family_of(path, Checkpoint.inspect(path)) == "exported"


@pytest.mark.parametrize("kept", [3, 9, 20])
def test_a_truncated_onnx_is_said_to_be_so(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "best.onnx"
    path.write_bytes(
        onnx(field(2, "pytorch"), field(14, field(1, "task")))[:kept].ljust(4, b"\x12")
    )
    with pytest.raises(WeightsError, match="truncated or damaged"):
        Checkpoint.inspect(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x89HDF\r\n\x1a\n", "Keras or HDF5"), (b"\x00" * 64, "not a PyTorch checkpoint")],
)
def test_files_of_other_frameworks_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        Checkpoint.inspect(path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("best.onnx", b"\x08\x08", r"best\.onnx is truncated or not an ONNX model"),
        ("best.onnx", b"hello, world", "not an ONNX model"),
        ("best.pt", b"<", "is a text file, not weights"),
        ("best.pt", b" <HTML>\n<head>", "is a web page"),
        ("best.pt", b"\n<!DOCTYPE html>", "is a web page"),
        ("best.xml", b'<?xml version="1.0"?>\n<net>', r"with its \.bin beside it.*whole folder"),
    ],
)
def test_a_damaged_file_is_told_what_is_true_of_it(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        Checkpoint.inspect(path)
