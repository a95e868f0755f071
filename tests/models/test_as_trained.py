"""Models as strangers train and export them, beside what ultralytics itself answers."""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import torch
import yaml
from onnxruntime.quantization import quantize_dynamic
from ultralytics import YOLO

from handler.detection.detections import Detections
from handler.errors import AnnotateError, WeightsError
from handler.models import families
from handler.models.exported import inputs
from handler.models.exported.model import Exported
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.service import Service
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.small import CLASSES, SIZE, small

PICTURE = np.asarray(cv2.imread(str(PHOTOGRAPHS[0])), np.uint8)
THRESHOLD = 0.5
# Which of our engines computes in the digits of the one that the library takes for a file.
ENGINES = {"onnx": "onnxruntime"}
KINDS = ("pt", "torchscript", "onnx", "openvino")

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")

Make = Callable[..., Path]


def load(weights: Path, engine: str = "auto", **options: Any) -> families.Model:
    folder = ModelFolder.open(weights)
    chosen = Options(**{"image_size": SIZE, **options})
    return families.load(folder, chosen, Settings(engine=engine, device="cpu"))


def exported(weights: Path, kind: str, **options: Any) -> Path:
    """Return what ultralytics makes of a .pt, alone in a folder of its own."""
    if kind == "pt":
        return weights
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer
        made = Path(YOLO(weights).export(format=kind, **{"imgsz": SIZE, **options}))
    folder = weights.parent / f"{kind}-{len(list(weights.parent.iterdir()))}"
    folder.mkdir()
    return Path(shutil.move(made, folder / made.name))


def expected(weights: Path, threshold: float = THRESHOLD, task: str = "detect") -> Any:
    """Return what ultralytics answers with a file of its own."""
    return YOLO(weights, task=task).predict(PICTURE, imgsz=SIZE, conf=threshold, verbose=False)[0]


def assert_same(ours: Detections, theirs: Any) -> None:
    """Each of our objects is one of the library's, in any order."""
    boxes = theirs.boxes.numpy()
    assert len(ours) == len(boxes.conf) >= 20
    apart = np.abs(ours.boxes[:, None] - boxes.xyxy).max(axis=2)
    apart += 100 * np.abs(ours.scores[:, None] - boxes.conf)
    apart[ours.classes[:, None] != boxes.cls] = np.inf
    assert apart.min(axis=1).max() < 1
    assert apart.min(axis=0).max() < 1


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A function to a small model and its exports, each made once."""
    made: dict[Any, Path] = {}

    def path(kind: str = "pt", *, model: dict[str, Any] | None = None, **options: Any) -> Path:
        key = (kind, str(model), str(options))
        if key not in made:
            if kind == "pt":
                made[key] = small(tmp_path_factory.mktemp("small") / "best.pt", **(model or {}))
            else:
                made[key] = exported(path(model=model), kind, **options)
        return made[key]

    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_of_names_is_numbered_in_its_order(make: Make, kind: str) -> None:
    names = ["a", "b", "c", "d"]
    weights = make(kind, model={"names": names}) if kind == "pt" else make(kind)
    if kind != "pt":  # ultralytics' exporter makes a table of them; older ones did not
        weights = with_names(weights, names)
    model = load(weights, ENGINES.get(kind, "auto"))
    assert model.classes == tuple(names)
    assert_same(model.predict(PICTURE, THRESHOLD), expected(weights))


def with_names(weights: Path, names: Any) -> Path:
    """Return a copy of an export whose metadata have other names; without any for None."""
    copy = weights.parent.with_name(f"{weights.parent.name}-{abs(hash(str(names)))}")
    shutil.copytree(weights.parent, copy, dirs_exist_ok=True)
    made = copy / weights.name
    if made.is_dir():
        about = yaml.safe_load((made / "metadata.yaml").read_text())
        about = {key: value for key, value in about.items() if key != "names"}
        about |= {} if names is None else {"names": names}
        (made / "metadata.yaml").write_text(yaml.safe_dump(about))
    elif made.suffix == ".onnx":
        network = onnx.load(made)
        kept = [(each.key, each.value) for each in network.metadata_props if each.key != "names"]
        del network.metadata_props[:]
        for key, value in kept + ([] if names is None else [("names", str(names))]):
            network.metadata_props.add(key=key, value=value)
        onnx.save(network, made)
    else:
        _rewrite_torchscript(made, names)
    return made


def _rewrite_torchscript(path: Path, names: Any) -> None:
    extra = {"config.txt": ""}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.jit.load(path, _extra_files=extra)  # type: ignore[no-untyped-call]
        about = json.loads(extra["config.txt"])
        about.pop("names")
        about |= {} if names is None else {"names": names}
        torch.jit.save(network, path, _extra_files={"config.txt": json.dumps(about)})


FEWER = {0: "a", 1: "b", 2: "c"}


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_names_than_classes_are_refused_when_loaded(make: Make, kind: str) -> None:
    weights = make("pt", model={"names": FEWER}) if kind == "pt" else with_names(make(kind), FEWER)
    with pytest.raises(WeightsError, match=r"has 3 names for the 4 classes .*classes\.txt"):
        load(weights)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", [None, FEWER], ids=["none", "fewer"])
def test_classes_txt_supplies_the_names_that_are_missing(
    tmp_path: Path, make: Make, kind: str, names: Any
) -> None:
    weights = make("pt", model={"names": names}) if kind == "pt" else with_names(make(kind), names)
    copied = tmp_path / weights.name
    (shutil.copytree if weights.is_dir() else shutil.copy)(weights, copied)
    (tmp_path / "classes.txt").write_text("a\nb\nc\nd\n")
    model = load(tmp_path)
    assert model.classes == ("a", "b", "c", "d")
    assert len(model.predict(PICTURE, THRESHOLD)) >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_without_any_names_it_is_said_what_to_write(make: Make, kind: str) -> None:
    weights = make("pt", model={"names": None}) if kind == "pt" else with_names(make(kind), None)
    with pytest.raises(WeightsError, match=r"no class names.*Write classes\.txt.* 4 lines"):
        load(weights)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gap_in_the_names_is_one_line(make: Make, kind: str) -> None:
    names = {0: "a", 1: "b", 2: "c", 4: "e"}
    weights = make("pt", model={"names": names}) if kind == "pt" else with_names(make(kind), names)
    with pytest.raises(WeightsError, match="class 3 has no name"):
        load(weights)


@pytest.mark.parametrize("kind", KINDS)
def test_grey_models_see_pictures_in_grey_as_the_library_makes_them(make: Make, kind: str) -> None:
    weights = make(kind, model={"channels": 1})
    ours = load(weights, ENGINES.get(kind, "auto")).predict(PICTURE, THRESHOLD)
    assert_same(ours, expected(weights))


@pytest.mark.parametrize("kind", KINDS)
def test_models_of_four_channels_are_refused_by_that_name(make: Make, kind: str) -> None:
    with pytest.raises(WeightsError, match="takes 4-channel pictures; CVAT sends colour ones"):
        load(make(kind, model={"channels": 4}))


@pytest.mark.parametrize(
    ("kind", "engine"), [("onnx", "openvino"), ("onnx", "onnxruntime"), ("openvino", "openvino")]
)
def test_a_fixed_batch_is_filled(make: Make, kind: str, engine: str) -> None:
    weights = make(kind, batch=4)
    ours = load(weights, engine).predict(PICTURE, THRESHOLD)
    if engine != "openvino" or kind == "openvino":
        assert_same(ours, expected(weights))
    assert len(ours) >= 20


def test_the_words_of_a_description_do_not_make_a_transformer(make: Make) -> None:
    weights = make("onnx")
    network = onnx.load(weights)
    about = {each.key: each for each in network.metadata_props}
    about["description"].value = "Ultralytics YOLOv8n model trained on /data/rtdetr-vs-yolo/a.yaml"
    copy = weights.with_name("described.onnx")
    onnx.save(network, copy)
    try:
        theirs = expected(weights)
        assert_same(load(copy, "onnxruntime").predict(PICTURE, THRESHOLD), theirs)
        del network.metadata_props[[each.key for each in network.metadata_props].index("head")]
        onnx.save(network, copy)  # as older versions of ultralytics wrote it
        assert_same(load(copy, "onnxruntime").predict(PICTURE, THRESHOLD), theirs)
    finally:
        copy.unlink()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_suppression_inside_the_network_takes_away_is_said(make: Make, kind: str) -> None:
    weights = make(kind, nms=True)
    model = load(weights, ENGINES.get(kind, "auto"))
    assert {"iou", "agnostic_nms"} <= model.without
    (remark,) = model.remarks
    assert "a threshold below the one it was exported with" in remark
    assert_same(model.predict(PICTURE, THRESHOLD), expected(weights))


def test_quantised_onnx_runs_where_its_library_runs_it(make: Make, tmp_path: Path) -> None:
    made = tmp_path / "best.onnx"
    quantize_dynamic(make("onnx"), made)
    model = load(made)
    assert model.versions.keys() == {"onnxruntime"}
    assert "ONNX Runtime" in model.remarks[0]
    assert_same(model.predict(PICTURE, 0.25), expected(made, 0.25))
    assert load(make("onnx")).versions.keys() == {"openvino"}


def test_half_precision_is_answered_like_single(make: Make) -> None:
    for kind in ("onnx", "openvino"):
        weights = make(kind, quantize=16)
        ours = load(weights, ENGINES.get(kind, "auto")).predict(PICTURE, THRESHOLD)
        assert_same(ours, expected(weights))


SEMANTIC = {"task": "semantic", "classes": 3}


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_for_every_pixel_becomes_a_mask_for_each_class(make: Make, kind: str) -> None:
    weights = make(kind, model=SEMANTIC)
    model = load(weights)
    assert model.task == "semantic"
    theirs = expected(weights, task="semantic").semantic_mask.data.cpu().numpy()
    found = model.predict(PICTURE, 0.99)
    assert found.masks is not None
    assert set(found.classes) == set(np.unique(theirs))
    for mask, index in zip(found.masks, found.classes, strict=True):
        np.testing.assert_array_equal(mask.within(*PICTURE.shape[1::-1]), theirs == index)
    assert (np.diff([mask.pixels.sum() for mask in found.masks]) <= 0).all()


def test_connected_parts_are_apart_and_background_is_left_out(make: Make) -> None:
    weights = make("onnx", model=SEMANTIC)
    whole = load(weights).predict(PICTURE, 0.5)
    assert whole.masks is not None
    kept = [name for index, name in enumerate(("part 0", "part 1", "part 2")) if index]
    parts = load(weights, separate_parts=True, background=("part 0",)).predict(PICTURE, 0.5)
    assert parts.masks is not None
    assert len(kept) <= len(parts)
    assert set(parts.classes) == set(whole.classes) - {0}
    for index in set(parts.classes):
        total = [
            sum(
                int(mask.pixels.sum())
                for mask, own in zip(each.masks or (), each.classes, strict=True)
                if own == index
            )
            for each in (whole, parts)
        ]
        assert total[0] == total[1] > 0


def test_a_background_is_no_label(make: Make, tmp_path: Path) -> None:
    shutil.copy(make("onnx", model=SEMANTIC), tmp_path)
    (tmp_path / "model.yaml").write_text("background: [part 1]\n")
    service = Service.load(Settings(weights=tmp_path, device="cpu"))
    labels = [(label.name, label.type) for label in service.labels]
    assert labels == [("part 0", "mask"), ("part 2", "mask")]


def test_a_background_that_is_no_class_is_named(make: Make) -> None:
    with pytest.raises(AnnotateError, match="background: the model has no class 'sky'"):
        load(make("onnx", model=SEMANTIC), background=("sky",))


@pytest.mark.parametrize("kind", ["pt", "onnx"])
def test_depth_is_refused_by_its_name(make: Make, kind: str) -> None:
    with pytest.raises(WeightsError, match="answers with depth, which CVAT has no shape for"):
        load(make(kind, model={"task": "depth"}))


def test_a_model_of_unequal_outputs_is_counted(make: Make) -> None:
    assert len(load(make("onnx", model={"task": "classify"})).classes) == CLASSES


@pytest.mark.parametrize("amx", [True, False])
def test_eight_bits_of_the_library_s_own_are_padded_as_it_pads_them(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, amx: bool
) -> None:
    monkeypatch.setattr(inputs, "cpu_flags", lambda: {"amx_int8"} if amx else set())
    folder = shutil.copytree(make("openvino", dynamic=True), tmp_path / "best_openvino_model")
    about = yaml.safe_load((folder / "metadata.yaml").read_text())
    about["args"]["quantize"] = 8
    (folder / "metadata.yaml").write_text(yaml.safe_dump(about))
    model = load(tmp_path)
    assert isinstance(model, Exported)
    seen = model.numbers_of(PICTURE)  # of a picture that is higher than wide
    assert seen.shape[2:] == ((SIZE, SIZE) if amx else (SIZE, SIZE * 3 // 4 // 32 * 32 + 32))
