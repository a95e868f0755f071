"""Torch-free folders from .pt files: written only if they answer the same."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from handler.detection.agreement import differences
from handler.errors import AnnotateError, SettingsError, WeightsError
from handler.models import families
from handler.models.export import export as exporting
from handler.models.export.export import export
from handler.models.export.rewriting import halve
from handler.models.exportable import is_exportable
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.settings import Settings
from tests import yolov5_repository as repository
from tests.architectures import PHOTOGRAPHS
from tests.conftest import DEMO, EXAMPLES
from tests.damage import convert_and_damage

THRESHOLD = 0.3


@pytest.mark.parametrize(
    "architecture", ["yolov8n-obb", "yolo11n-seg", "yolov8n-pose", "yolov8n-cls"]
)
def test_the_folder_answers_as_the_original(
    tmp_path: Path, model_of: Callable[[str], Path], architecture: str
) -> None:
    source = shutil.copytree(model_of(architecture), tmp_path / "source")
    (source / "model.yaml").write_text("name: things\nweights: best.pt\nclass_thresholds: {}\n")
    threshold, least = (0.001, 1) if architecture.endswith("-cls") else (THRESHOLD, 11)
    settings = Settings(weights=source, threshold=threshold, precision="f32")
    assert export(settings, "openvino", PHOTOGRAPHS, tmp_path / "fast") == "f32"

    options = Options(threshold=threshold)
    original, exported = (
        families.load(ModelFolder.open(folder), options, Settings(device="cpu"))
        for folder in (source, tmp_path / "fast")
    )
    assert exported.classes == original.classes
    for photograph in PHOTOGRAPHS:
        picture = np.asarray(cv2.imread(str(photograph)), np.uint8)
        expected = original.predict(picture, threshold)
        assert len(expected) >= least
        assert not list(differences(expected, exported.predict(picture, threshold)))


@pytest.mark.parametrize(
    ("task", "size", "kind"),
    [("", 320, "onnx"), ("-seg", 320, "openvino"), ("-cls", 224, "openvino")],
)
def test_files_of_yolov5_s_own_repository_are_exported(
    tmp_path: Path, task: str, size: int, kind: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    pictures = [np.asarray(cv2.imread(str(path)), np.uint8) for path in PHOTOGRAPHS]
    repository.build(task, source / "best.pt", pictures)
    (source / "model.yaml").write_text(f"image_size: {size}\n")
    assert is_exportable(*recognise(ModelFolder.open(source)))
    threshold = 0.02 if task == "-cls" else 0.7
    settings = Settings(weights=source, threshold=threshold, precision="f32")
    export(settings, kind, PHOTOGRAPHS, tmp_path / "fast")

    folder = ModelFolder.open(tmp_path / "fast")
    options = Options.merge(settings, folder.config)
    model = families.load(folder, options, Settings())
    original = families.load(ModelFolder.open(source), options, Settings(device="cpu"))
    assert (model.task, model.classes) == (original.task, original.classes)
    answers = [original.predict(picture, threshold) for picture in pictures]
    assert sum(map(len, answers)) >= (2 if task == "-cls" else 20)
    for picture, expected in zip(pictures, answers, strict=True):
        assert not list(differences(expected, model.predict(picture, threshold)))


def test_the_demo_is_exported_with_its_class_list_and_where_it_comes_from(tmp_path: Path) -> None:
    precision = export(Settings(weights=DEMO), "onnx", EXAMPLES, tmp_path / "fast")
    folder = ModelFolder.open(tmp_path / "fast")
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "best.onnx", "classes.txt", "model.yaml",
    ]  # fmt: skip
    assert folder.classes == ModelFolder.open(DEMO).classes
    config = yaml.safe_load((folder.path / "model.yaml").read_text())
    assert config["name"] == "digits"
    assert config["precision"] == precision
    assert len(config["exported"]["sha256"]) == 64
    assert config["exported"]["versions"].keys() == {"torch", "ultralytics", "openvino"}


def test_a_damaged_network_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "convert", convert_and_damage)
    with pytest.raises(WeightsError, match=r"answers differently, \d+ times: \S+\.jpg: .*objec"):
        export(Settings(weights=DEMO), "openvino", EXAMPLES, tmp_path / "fast")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "out", "reason"),
    [
        (Settings(weights=DEMO), "here", "here exists already"),
        (Settings(weights=DEMO, threshold=1), "fast", "finds nothing on 4 pictures .*--images"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, settings: Settings, out: str, reason: str
) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(SettingsError, match=reason):
        export(settings, "onnx", EXAMPLES, tmp_path / out)
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_what_is_exported_already_is_not_exported_again(tmp_path: Path) -> None:
    (tmp_path / "best.onnx").write_bytes(b"\x08\x08\x72\x0b\x0a\x05names\x12\x02[]")
    with pytest.raises(AnnotateError, match="of the family exported, which is not exported"):
        export(Settings(weights=tmp_path), "onnx", EXAMPLES, tmp_path / "fast")


def test_constants_are_kept_in_half_precision_where_that_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(name: str) -> int:
        export(Settings(weights=DEMO, precision="f32"), "openvino", EXAMPLES, tmp_path / name)
        return (tmp_path / name / "best_openvino_model" / "best.bin").stat().st_size

    def halve_and_damage(network: Path) -> None:
        halve(network)
        numbers = np.fromfile(network.with_suffix(".bin"), np.float16)
        numbers[len(numbers) // 2 :] *= np.float16(0.9)
        numbers.tofile(network.with_suffix(".bin"))

    small = size("small")
    monkeypatch.setattr(exporting, "halve", halve_and_damage)
    assert 1.99 < size("large") / small <= 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large", "small"]
