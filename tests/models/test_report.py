import shutil
from collections.abc import Callable
from pathlib import Path

from handler.models.report import report
from handler.service import Service
from handler.settings import Settings


def test_a_report_names_family_task_labels_and_imports(
    tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    shutil.copy(model_of("yolo11n-pose") / "best.pt", tmp_path)
    (tmp_path / "model.yaml").write_text("top_k: 3\niou: 0.5\nlabel_types: {class 0: points}\n")
    made = report(Service.load(Settings(weights=tmp_path, device="cpu")))
    assert (made.family, made.task) == ("ultralytics", "pose")
    assert [label.type for label in made.labels[:2]] == ["points", "skeleton"]
    assert "ultralytics.nn.tasks.PoseModel" in made.imports
    assert not any(name.startswith("torch.") for name in made.imports)
    assert made.ineffective == ("top_k",)


def test_a_report_is_sentences(model_of: Callable[[str], Path]) -> None:
    folder = model_of("yolov8n-obb")
    lines = list(report(Service.load(Settings(weights=folder, device="cpu"))).lines())
    assert lines[0] == "best.pt is of the family ultralytics: yolov8n-obb oriented detector"
    assert lines[1] == "Its task is obb"
    assert lines[2].startswith("Its labels are class 0 (rectangle), class 1 (rectangle)")
    assert lines[2].endswith(" and 68 more")
    assert lines[3].startswith("Loading it imports ultralytics.nn.modules.block.Bottleneck, ")
