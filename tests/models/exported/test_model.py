"""Exported models against what ultralytics itself answers with the .pt they come from."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, quantize_static
from ultralytics import RTDETR, YOLO

from handler.detection.detections import Detections
from handler.errors import SettingsError, WeightsError
from handler.models import families
from handler.models.exported.model import Exported
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import ROOT, iou_matrix

PICTURES = [np.asarray(cv2.imread(str(path)), np.uint8) for path in PHOTOGRAPHS]
BOXES = ["yolov8n", "yolov10n", "yolo11n", "yolo26n", "rtdetr-l"]
ORIENTED = ["yolov8n-obb", "yolo11n-obb", "yolo26n-obb"]
MASKS = ["yolov8n-seg", "yolo11n-seg", "yolo26n-seg"]
KEYPOINTS = ["yolov8n-pose", "yolo11n-pose", "yolo26n-pose"]
CLASSES = ["yolov8n-cls", "yolo11n-cls", "yolo26n-cls"]

OPENVINO = [(f"yolov8n{task}", "openvino", "openvino") for task in ("", "-obb", "-seg", "-pose")]

Export = Callable[..., Path]


def load(weights: Path, engine: str = "auto", **options: Any) -> families.Model:
    return families.load(ModelFolder.open(weights), Options(**options), Settings(engine=engine))


# Each architecture in one form and on one engine, one of each task in all.
def combined(*architectures: str) -> list[tuple[str, str, str]]:
    cases = [(name, "onnx", "openvino") for name in architectures]
    cases += [(name, "onnx", "onnxruntime") for name in architectures[:1]]
    return cases + [case for case in OPENVINO if case[0] in architectures]


def library(architecture: str, weights: Path) -> Any:
    return (RTDETR if architecture.startswith("rtdetr") else YOLO)(weights)


def between(scores: NDArray[Any]) -> float:
    """Return a threshold that no score is near: in the widest gap below the ten best."""
    ranked = np.sort(scores)[::-1][10:]
    widest = int((ranked[:-1] - ranked[1:]).argmax())
    return float(ranked[widest : widest + 2].mean())


class Both:
    """Our answer on a picture beside the library's, in its order.

    Objects of equal scores come in any order, so ours are put in the library's by their nearest.
    Random weights give many: RT-DETR's 300 objects are the same in single and in double precision,
    and in another order, with scores 0.0002 apart.
    """

    def __init__(self, ours: Detections, theirs: Any, boxes: NDArray[Any]) -> None:
        assert len(ours) == len(theirs) >= 10
        apart = np.abs(ours.boxes[:, None] - boxes).max(axis=2)
        apart += 1000 * np.abs(ours.scores[:, None] - theirs.conf)
        apart[ours.classes[:, None] != theirs.cls] = np.inf
        self.order = apart.argmin(axis=0)
        assert apart.min(axis=1).max() < 15
        placed = ours.boxes[self.order]
        with np.errstate(invalid="ignore"):  # of boxes that end at the picture's edge as a line
            overlaps = np.diag(iou_matrix(placed, boxes))
        empty = np.isnan(overlaps)
        assert (overlaps[~empty] >= 0.99).all()
        np.testing.assert_allclose(placed[empty], boxes[empty], atol=0.5)
        np.testing.assert_allclose(ours.scores[self.order], theirs.conf, atol=0.01)


@pytest.fixture
def answers_of(
    model_of: Callable[[str], Path], export_of: Export
) -> Callable[..., list[tuple[Detections, Any]]]:
    """A function from an export to our answer and the library's, of its .pt, on each picture."""

    def answers(
        architecture: str, kind: str, engine: str, threshold: float = 0.25, **options: Any
    ) -> list[tuple[Detections, Any]]:
        top_k = options.pop("top_k", 1)
        ours = load(export_of(architecture, kind, **options), engine, top_k=top_k)
        theirs = library(architecture, model_of(architecture) / "best.pt")
        asked = {"imgsz": 320, "conf": threshold, "retina_masks": True, "verbose": False}
        if "dynamic" in options:
            asked["rect"] = options.pop("dynamic")
        both = []
        for picture in PICTURES:
            answer = theirs.predict(picture, **asked, **options)[0]
            limit = threshold
            if answer.probs is None:
                scores = (answer.boxes if answer.obb is None else answer.obb).numpy().conf
                limit = between(scores)
                answer = answer[np.flatnonzero(scores > limit)]
            both.append((ours.predict(picture, limit), answer))
        return both

    return answers


Answers = Callable[..., list[tuple[Detections, Any]]]


@pytest.mark.parametrize("export", combined(*BOXES), ids="-".join)
def test_detections_are_those_of_the_library(
    answers_of: Answers, export: tuple[str, str, str]
) -> None:
    for ours, theirs in answers_of(*export):
        boxes = theirs.boxes.numpy()
        Both(ours, boxes, boxes.xyxy)


@pytest.mark.parametrize("export", combined(*ORIENTED), ids="-".join)
def test_oriented_boxes_are_those_of_the_library(
    answers_of: Answers, export: tuple[str, str, str]
) -> None:
    for ours, theirs in answers_of(*export):
        oriented = theirs.obb.numpy()
        centre, size, turn = np.split(oriented.xywhr, [2, 4], axis=1)
        boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        order = Both(ours, oriented, boxes).order
        assert ours.angles is not None
        np.testing.assert_allclose(ours.angles[order], np.degrees(turn[:, 0]), atol=0.1)


@pytest.mark.parametrize("export", combined(*MASKS), ids="-".join)
def test_masks_are_those_of_the_library(answers_of: Answers, export: tuple[str, str, str]) -> None:
    for ours, theirs in answers_of(*export):
        boxes = theirs.boxes.numpy()
        order = Both(ours, boxes, boxes.xyxy).order
        assert ours.masks is not None
        height, width = theirs.orig_shape
        for index, expected in zip(order, theirs.masks.numpy().data > 0, strict=True):
            whole = ours.masks[index].within(width, height)
            union = (whole | expected).sum()
            # Of masks of less than a hundred pixels one may differ: a logit of 0.
            assert (whole & expected).sum() >= min(0.99 * union, union - 1)


@pytest.mark.parametrize("export", combined(*KEYPOINTS), ids="-".join)
def test_keypoints_are_those_of_the_library(
    answers_of: Answers, export: tuple[str, str, str]
) -> None:
    for ours, theirs in answers_of(*export):
        boxes = theirs.boxes.numpy()
        order = Both(ours, boxes, boxes.xyxy).order
        assert ours.keypoints is not None
        np.testing.assert_allclose(ours.keypoints[order], theirs.keypoints.numpy().data, atol=0.5)


@pytest.mark.parametrize("export", combined(*CLASSES), ids="-".join)
def test_classes_are_the_best_of_the_library(
    answers_of: Answers, export: tuple[str, str, str]
) -> None:
    for ours, theirs in answers_of(*export, threshold=0.001, top_k=5):
        np.testing.assert_array_equal(ours.classes, theirs.probs.top5)
        np.testing.assert_allclose(ours.scores, theirs.probs.top5conf, atol=0.001)


@pytest.mark.parametrize(
    "export",
    [
        ("yolov10n", "onnx", "openvino"),
        ("yolo26n", "onnx", "onnxruntime"),
        ("yolo26n-obb", "openvino", "openvino"),
        ("yolo26n-seg", "onnx", "onnxruntime"),
        ("yolo26n-pose", "openvino", "openvino"),
    ],
    ids="-".join,
)
def test_heads_without_suppression_answer_as_the_library_s(
    answers_of: Answers, export: tuple[str, str, str]
) -> None:
    for ours, theirs in answers_of(*export, nms=False):
        found = (theirs.boxes if theirs.obb is None else theirs.obb).numpy()
        if theirs.obb is None:
            Both(ours, found, found.xyxy)
        else:
            centre, size, _ = np.split(found.xywhr, [2, 4], axis=1)
            Both(ours, found, np.concatenate([centre - size / 2, centre + size / 2], axis=1))


def test_a_network_of_a_fixed_size_sees_pictures_as_the_library_shows_them(
    answers_of: Answers,
) -> None:
    for ours, theirs in answers_of("yolov8n", "onnx", "openvino", dynamic=False):
        boxes = theirs.boxes.numpy()
        Both(ours, boxes, boxes.xyxy)


def test_the_options_are_honoured(export_of: Export, model_of: Callable[[str], Path]) -> None:
    weights = export_of("yolov8n", "onnx")
    asked: dict[str, Any] = {"iou": 0.3, "agnostic_nms": True}
    ours = load(weights, max_detections=12, image_size=160, **asked).predict(PICTURES[0], 0.01)
    theirs = YOLO(model_of("yolov8n") / "best.pt").predict(
        PICTURES[0], conf=0.01, max_det=12, imgsz=160, verbose=False, **asked
    )
    boxes = theirs[0].boxes.numpy()
    Both(ours, boxes, boxes.xyxy)
    assert len(ours) == 12


def test_many_shapes_of_pictures_are_answered_and_few_stay_compiled(export_of: Export) -> None:
    model = load(export_of("yolov8n", "onnx"))
    assert isinstance(model, Exported)
    for width in range(40, 400, 32):
        model.predict(np.full((320, width, 3), 99, np.uint8), 0.25)
    for shape in [(1, 1, 3), (1, 3000, 3), (3000, 2, 3)]:
        assert (model.predict(np.full(shape, 99, np.uint8), 0.001).boxes >= 0).all()


def test_the_model_tells_of_itself(export_of: Export) -> None:
    pose = load(export_of("yolov8n-pose", "openvino"))
    assert (pose.task, pose.classes, len(pose.keypoints)) == ("pose", ("class 0",), 17)
    assert pose.versions.keys() == {"openvino"}
    assert pose.without == {"top_k"}
    assert load(export_of("rtdetr-l", "onnx")).without == {"top_k", "iou", "agnostic_nms"}
    assert "iou" in load(export_of("yolov8n-cls", "onnx")).without


def test_a_class_list_that_differs_is_refused(tmp_path: Path, export_of: Export) -> None:
    shutil.copy(export_of("yolov8n", "onnx"), tmp_path)
    (tmp_path / "classes.txt").write_text("class 0\nzebra\n")
    with pytest.raises(WeightsError, match="line 2 is 'zebra'"):
        load(tmp_path)


def test_an_engine_that_does_not_run_a_file_is_named(export_of: Export) -> None:
    folder = export_of("yolov8n", "openvino")
    with pytest.raises(SettingsError, match="onnxruntime does not run best"):
        load(folder, "onnxruntime")
    with pytest.raises(SettingsError, match="ANNOTATE_ENGINE=torch does not run best"):
        load(export_of("yolov8n", "onnx"), "torch")


def test_a_pt_has_to_be_exported_first(model_of: Callable[[str], Path]) -> None:
    with pytest.raises(SettingsError, match=r"does not run best\.pt\. Export it with"):
        load(model_of("yolov8n"), "openvino")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_truncated_network_is_said_to_be_so(
    tmp_path: Path, export_of: Export, engine: str
) -> None:
    content = export_of("yolov8n", "onnx").read_bytes()
    (tmp_path / "best.onnx").write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match=r"best\.onnx .*(truncated|cannot be read)") as caught:
        load(tmp_path, engine)
    assert "\n" not in str(caught.value)


def test_metadata_of_another_model_is_noticed(tmp_path: Path, export_of: Export) -> None:
    folder = shutil.copytree(export_of("yolov8n", "openvino"), tmp_path / "best_openvino_model")
    written = yaml.safe_load((folder / "metadata.yaml").read_text())
    (folder / "metadata.yaml").write_text(yaml.safe_dump(written | {"names": {0: "car"}}))
    with pytest.raises(WeightsError, match="has 1 name for the 80 classes"):
        load(tmp_path).predict(PICTURES[0], 0.25)


def test_neither_torch_nor_ultralytics_is_imported(export_of: Export) -> None:
    weights = str(export_of("yolov8n", "openvino"))
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from handler.settings import Settings; from handler.service import Service\n"
        f"service = Service.load(Settings(weights=Path({weights!r})))\n"
        "heavy = {'torch', 'torchvision', 'ultralytics', 'onnxruntime'} & sys.modules.keys()\n"
        "assert service.model.task == 'detect' and not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_a_network_that_openvino_refuses_runs_on_onnx_runtime(export_of: Export) -> None:
    """ONNX lets GatherElements take fewer indices than there are rows; OpenVINO does not."""
    weights = export_of("yolo26n-seg", "onnx", nms=False)
    assert load(weights).versions.keys() == {"onnxruntime"}
    with pytest.raises(WeightsError, match="ANNOTATE_ENGINE=onnxruntime"):
        load(weights, "openvino")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_network_whose_scores_are_all_0_is_refused(
    tmp_path: Path, export_of: Export, engine: str
) -> None:
    """Quantised by ONNX Runtime as it does unasked: with the concatenated answer on one scale."""
    healthy = load(export_of("yolov8n", "onnx"), image_size=320)
    assert isinstance(healthy, Exported)
    inputs = iter([{"images": healthy.numbers_of(picture)} for picture in PICTURES])

    class Shown(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, Any] | None:
            return next(inputs, None)

    quantize_static(export_of("yolov8n", "onnx"), tmp_path / "best.onnx", Shown())
    with pytest.raises(WeightsError, match="score of exactly 0: it was quantised with boxes"):
        load(tmp_path, engine)
