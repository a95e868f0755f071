"""Our answers against ultralytics' own `predict`, on its two photographs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from ultralytics import YOLO
from ultralytics.nn.modules.block import AAttn, Conv

from handler.errors import WeightsError
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.ultralytics.model import Ultralytics
from handler.pictures.decoding import decode
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import pickle_importing

ARCHITECTURES = [
    "yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n", "rtdetr-l",
]  # fmt: skip


def load(
    folder: Path, options: Options | None = None, settings: Settings | None = None
) -> families.Model:
    return families.load(ModelFolder.open(folder), options or Options(), settings or Settings())


def threshold_for(model: families.Model, picture: Path, count: int) -> float:
    """Return a threshold that lies in the gap below the `count` best scores."""
    scores = np.unique(model.predict(decode(picture.read_bytes(), 10**8), 1e-6).scores)[::-1]
    return float(scores[: count + 1][-2:].mean())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_every_architecture_answers_as_its_library(
    model_of: Callable[[str], Path], architecture: str, photograph: Path
) -> None:
    folder = model_of(architecture)
    model = load(folder)
    threshold = threshold_for(model, photograph, 40)

    ours = model.predict(decode(photograph.read_bytes(), 10**8), threshold)
    theirs = YOLO(folder / "best.pt").predict(str(photograph), conf=threshold, verbose=False)[0]

    assert len(ours) == len(theirs.boxes) >= 10
    np.testing.assert_allclose(ours.boxes, theirs.boxes.xyxy.numpy(), atol=0.5)
    np.testing.assert_allclose(ours.scores, theirs.boxes.conf.numpy(), atol=0.001)
    np.testing.assert_array_equal(ours.classes, theirs.boxes.cls.numpy())
    assert model.classes == tuple(theirs.names.values())


def test_the_options_reach_the_library(model_of: Callable[[str], Path]) -> None:
    folder = model_of("yolov8n")
    options = Options(iou=0.3, max_detections=3, agnostic_nms=True, image_size=160)
    picture = decode(PHOTOGRAPHS[0].read_bytes(), 10**8)
    ours = load(folder, options).predict(picture, 0.01)
    theirs = YOLO(folder / "best.pt").predict(
        str(PHOTOGRAPHS[0]), conf=0.01, iou=0.3, max_det=3, agnostic_nms=True, imgsz=160
    )[0]
    np.testing.assert_allclose(ours.boxes, theirs.boxes.xyxy.numpy(), atol=0.5)
    assert len(ours) == 3


@pytest.mark.parametrize("name", ["yolov5s.pt", "yolov3.pt", "yolov8s-world.pt", "yolo11n.pt"])
def test_a_file_name_has_no_meaning(
    tmp_path: Path, model_of: Callable[[str], Path], name: str
) -> None:
    shutil.copy(model_of("yolov8n") / "best.pt", tmp_path / name)
    picture = decode(PHOTOGRAPHS[0].read_bytes(), 10**8)
    expected = load(model_of("yolov8n")).predict(picture, 0.25)
    np.testing.assert_array_equal(load(tmp_path).predict(picture, 0.25).boxes, expected.boxes)


@pytest.mark.filterwarnings("ignore")  # torch would rather be exported by other means
def test_an_export_to_torchscript_answers_like_its_original(
    tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    original = YOLO(shutil.copy(model_of("yolov8n-seg") / "best.pt", tmp_path))
    exported = Path(original.export(format="torchscript", imgsz=(320, 256)))
    (tmp_path / "best.pt").unlink()
    ours = load(tmp_path)
    assert (exported.parent, ours.task, ours.classes[:2]) == (
        tmp_path,
        "segment",
        ("class 0", "class 1"),
    )
    picture = decode(PHOTOGRAPHS[0].read_bytes(), 10**8)
    found, expected = ours.predict(picture, 0.25), load(model_of("yolov8n-seg"))
    reference = expected.predict(picture, 0.25)
    assert len(found) == len(reference) >= 10
    np.testing.assert_allclose(found.boxes, reference.boxes, atol=0.5)


def test_a_class_list_that_differs_is_refused(
    tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    shutil.copy(model_of("yolov8n") / "best.pt", tmp_path)
    (tmp_path / "classes.txt").write_text("class 0\nzebra\n")
    with pytest.raises(WeightsError, match=r"line 2 is 'zebra', but class 1 .* is 'class 1'"):
        load(tmp_path)


def test_the_fork_of_yolov12_s_authors_is_told_from_ultralytics_own(tmp_path: Path) -> None:
    model = YOLO("yolo12n.yaml")
    for attention in model.model.modules():
        if isinstance(attention, AAttn):  # two layers in the place of one
            width = attention.all_head_dim
            attention.qk = Conv(width, 2 * width, 1, act=False)
            attention.v = Conv(width, width, 1, act=False)
            del attention.qkv
    model.save(tmp_path / "best.pt")
    with pytest.raises(WeightsError, match="fork of ultralytics, that of YOLOv12's authors"):
        load(tmp_path)


def test_weights_of_a_newer_library_name_what_is_missing(tmp_path: Path) -> None:
    content = pickle_importing("ultralytics.nn.modules.block.C9k9", version="9.9.0")
    (tmp_path / "best.pt").write_bytes(content)
    with pytest.raises(WeightsError, match=r"ultralytics 9\.9\.0 and needs .*block\.C9k9"):
        load(tmp_path)


class _Shell:
    """What a hostile checkpoint holds beside a model."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.marker,)


@pytest.fixture
def hostile(tmp_path: Path, model_of: Callable[[str], Path]) -> Path:
    checkpoint = torch.load(model_of("yolov8n") / "best.pt", weights_only=False)
    torch.save({**checkpoint, "extra": _Shell(tmp_path / "executed")}, tmp_path / "best.pt")
    return tmp_path


def test_a_pickle_that_imports_more_is_not_loaded(hostile: Path) -> None:
    with pytest.raises(WeightsError, match="ANNOTATE_TRUST_WEIGHTS"):
        load(hostile)
    assert not (hostile / "executed").exists()


def test_a_pickle_that_is_trusted_is_loaded(hostile: Path) -> None:
    load(hostile, settings=Settings(trust_weights=True))
    assert (hostile / "executed").exists()


def test_what_the_library_cannot_load_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(pickle_importing("ultralytics.nn.tasks.DetectionModel"))
    with pytest.raises(WeightsError, match="cannot be loaded by ultralytics") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_picture_of_one_pixel_is_answered(model_of: Callable[[str], Path]) -> None:
    model = load(model_of("yolov8n"))
    assert isinstance(model, Ultralytics)
    for shape in [(1, 1, 3), (1, 3000, 3), (3000, 2, 3)]:
        boxes = model.predict(np.full(shape, 99, np.uint8), 0.001).boxes
        assert (boxes >= 0).all()
