import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from handler.checks.weights import RULES, Weights
from handler.detection.labels import labels_of
from handler.models.folder.model_folder import digest
from handler.nuclio.function import Function
from handler.rules.function_file import FunctionFile
from handler.settings import Settings

INFOS = {"weights-imports", "weights-summary"}


@pytest.fixture
def folder(model_of: Callable[[str], Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_of("yolov8n"), tmp_path / "cars"))


def load(folder: Path, classes: list[str] | None = None) -> Weights:
    function = None
    if classes is not None:
        labels = labels_of(classes)
        rendered = Function("cars", "Cars", "Cars", "a:1", labels, weights_path=folder)
        function = FunctionFile(rendered.to_dict())
    return Weights.load(Settings(weights=folder), function)


def found(weights: Weights) -> dict[str, str]:
    text: dict[str, str] = {}
    for rule in RULES:
        for one in rule.findings(weights):
            text[one.rule] = f"{text.get(one.rule, '')}{one.finding}. {one.remedy}\n"
    return text


@pytest.mark.parametrize("architecture", ["yolov8n-seg", "yolov8n-obb", "yolo11n-pose"])
def test_shapes_of_every_task_are_those_that_cvat_takes(
    model_of: Callable[[str], Path], architecture: str
) -> None:
    weights = load(model_of(architecture))
    assert weights.shapes
    assert "weights-shapes" not in found(weights)


def test_good_weights_are_clean_and_described(folder: Path) -> None:
    (folder / "model.yaml").write_text(f"sha256: {digest(folder / 'best.pt').upper()}\n")
    findings = found(load(folder, [f"class {index}" for index in range(80)]))
    assert findings.keys() == INFOS
    assert "torch and ultralytics.nn.modules.block.Bottleneck, " in findings["weights-imports"]
    summary = findings["weights-summary"].splitlines()
    assert summary[0].startswith("yolov8n detector (family ultralytics, task detect); loading")
    assert summary[1].startswith("80 labels: class 0 (rectangle), class 1 (rectangle), ")
    assert " and 70 more. " in summary[1]


def test_keypoints_and_options_without_effect_are_named(
    tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    shutil.copy(model_of("yolo11n-pose") / "best.pt", tmp_path)
    (tmp_path / "model.yaml").write_text("top_k: 3\niou: 0.5\nlabel_types: {class 0: points}\n")
    findings = found(load(tmp_path))
    assert findings.keys() == INFOS | {"weights-options"}
    assert "class 0 (points), class 1 (skeleton)" in findings["weights-summary"]
    assert "17 keypoints: " in findings["weights-summary"]
    assert findings["weights-options"].startswith(
        "top_k has no effect on a yolo11n-pose pose model"
    )


def test_a_folder_that_is_not_there_is_one_finding(tmp_path: Path) -> None:
    findings = found(load(tmp_path / "cars"))
    assert findings.keys() == {"weights-usable"}
    assert "does not exist. Mount the folder" in findings["weights-usable"]


def test_a_class_list_that_differs_is_one_finding(folder: Path) -> None:
    (folder / "classes.txt").write_text("car\n" * 80)
    findings = found(load(folder))
    assert findings.keys() == {"weights-usable", "weights-imports"}
    assert "line 1 is 'car', but class 0 of the weights is 'class 0'" in findings["weights-usable"]


def test_weights_that_are_another_file_are_pointed_out(folder: Path) -> None:
    (folder / "model.yaml").write_text(f"sha256: {'ab' * 32}\n")
    findings = found(load(folder))
    assert findings.keys() == {"weights-digest"} | INFOS
    assert digest(folder / "best.pt") in findings["weights-digest"]


def test_labels_of_another_model_are_pointed_out(folder: Path) -> None:
    findings = found(load(folder, ["class 0", "zebra"]))
    assert findings.keys() == {"weights-labels"} | INFOS
    assert "'zebra'" in findings["weights-labels"]


def test_shapes_that_cvat_would_refuse_are_pointed_out(folder: Path) -> None:
    good = load(folder)
    assert good.shapes
    shape = good.shapes[0] | {"points": [0, 0, 9999, 1]}
    findings = found(replace(good, shapes=[shape]))
    assert findings.keys() == {"weights-shapes"} | INFOS
