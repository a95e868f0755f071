"""MMRotate as far as it goes without its libraries; tests/test_image_mmrotate.py has the rest."""

import sys
from collections import OrderedDict
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torchvision

from handler.cvat.shapes import shapes_of
from handler.detection.corners import corners
from handler.detection.labels import Label
from handler.errors import WeightsError
from handler.models import families
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.models.mmrotate.config import Config
from handler.models.mmrotate.model import oriented
from handler.models.mmrotate.nms import bound
from handler.models.mmrotate.weights import Weights
from handler.settings import Settings
from tests.conftest import pickle_importing
from tests.mmrotate_folders import BEST, CONFIGS, make_folder

# Which angles (radians) a convention describes a box with: docs/families/mmrotate.md.
CONVENTIONS = {
    "le90": (-np.pi / 2, np.pi / 2),
    "le135": (-np.pi / 4, 3 * np.pi / 4),
    "oc": (0, np.pi / 2),
}


def load(folder: Path, **settings: Any) -> families.Model:
    return families.load(ModelFolder.open(folder), Options(), Settings(**settings))


def read(folder: Path, *, trusted: bool = False) -> Weights:
    opened = ModelFolder.open(folder)
    return Weights.read(opened, Checkpoint.inspect(opened.weights), trusted)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_boxes_have_the_corners_that_opencv_gives_them(convention: str) -> None:
    rng = np.random.default_rng(0)
    angles = rng.uniform(*CONVENTIONS[convention], 50)
    scores = np.linspace(1, 0.1, 50, dtype=np.float32)
    boxes = np.column_stack([rng.uniform(100, 500, (50, 2)), rng.uniform(5, 90, (50, 2)), angles])
    found = oriented(boxes.astype(np.float32), scores, np.zeros(50, np.int64))
    shapes = shapes_of(found, [Label("ship", "polygon")], 600, 600)
    for row, box, shape in zip(boxes, found, shapes, strict=True):
        expected = cv2.boxPoints((row[:2], row[2:4], np.degrees(row[4])))
        for own in (corners(box.box, box.angle), np.reshape(shape["points"], (4, 2))):
            distances = np.linalg.norm(own[:, None] - expected[None], axis=2)
            assert distances.min(axis=1).max() < 0.02
    turned = shapes_of(found, [Label("ship")], 600, 600)
    assert all(0 <= shape["rotation"] < 360 for shape in turned)


def test_objects_come_best_first_and_none_is_no_error() -> None:
    boxes = np.array([(10, 10, 4, 2, 0), (20, 20, 4, 2, 1)], np.float32)
    found = oriented(boxes, np.array([0.2, 0.7], np.float32), np.array([1, 0]))
    assert found.scores.tolist() == pytest.approx([0.7, 0.2])
    assert found.classes.tolist() == [0, 1]
    assert found.boxes[0].tolist() == [18, 19, 22, 21]
    empty = oriented(np.zeros((0, 5), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    assert len(empty) == 0


@pytest.mark.parametrize("generation", ["0", "1"])
def test_the_family_is_told_from_the_file_and_the_generation_from_the_config(
    tmp_path: Path, generation: str
) -> None:
    folder = ModelFolder.open(make_folder(tmp_path, generation))
    assert recognise(folder)[0] == "mmrotate"
    assert Config.read(tmp_path / "config.py", trusted=False).generation == generation


def test_a_bare_state_dict_with_a_config_beside_it_is_of_mmrotate(tmp_path: Path) -> None:
    make_folder(tmp_path, "1")
    torch.save({"backbone.conv1.weight": torch.zeros(1)}, tmp_path / "best.pth")
    assert recognise(ModelFolder.open(tmp_path))[0] == "mmrotate"
    (tmp_path / "config.py").unlink()
    with pytest.raises(WeightsError, match="bare state dict"):
        recognise(ModelFolder.open(tmp_path))


@pytest.mark.parametrize(("generation", "tag"), [("0", "mmrotate-0"), ("1", "mmrotate")])
def test_without_the_library_it_names_the_image_that_has_it(
    tmp_path: Path, generation: str, tag: str
) -> None:
    image = rf"auto-annotate:{version('auto-annotate')}-{tag} "
    with pytest.raises(WeightsError, match=rf"{generation}\.x, which is not .*the image {image}"):
        load(make_folder(tmp_path, generation))


def test_without_its_config_it_says_so(tmp_path: Path) -> None:
    make_folder(tmp_path, "1")
    (tmp_path / "config.py").unlink()
    with pytest.raises(WeightsError, match=r"not its config\. .*under the name config.py"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("model = dict(", "is not Python"),
        ("_base_ = ['../_base_/runtime.py']\nmodel = dict()\ndata = dict()", "built on ../_base_"),
        ("_base_ = 'mmdet::_base_/x.py'\nmodel = dict()\ndata = dict()", "built on mmdet::"),
        ("model = dict(type='RetinaNet')", "not a whole config"),
        ("data = dict()\ndefault_scope = 'mmrotate'\nmodel = dict()", "not a whole config"),
        ("test_dataloader = dict()", "not a whole config"),
    ],
)
def test_a_config_that_lacks_something_is_refused_with_what_to_do(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "config.py").write_text(text)
    with pytest.raises(WeightsError, match=reason) as caught:
        Config.read(tmp_path / "config.py", trusted=False)
    assert "work_dir" in caught.value.remedy


def test_a_config_may_be_built_on_files_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("_base_ = ['./base/model.py']\n")
    (tmp_path / "base").mkdir()
    base = tmp_path / "base" / "model.py"
    base.write_text("model = dict()\ntest_dataloader = dict()\n")
    assert Config.read(tmp_path / "config.py", trusted=False).generation == "1"
    base.write_text("model = dict()\ndata = dict(root=open('x'))\n")
    with pytest.raises(WeightsError, match=r"model.py would run code \(line 2: open\('x'\)\)"):
        Config.read(tmp_path / "config.py", trusted=False)


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from os import system",
        "x = __import__('os')",
        "x = dict.__subclasses__",
        "x = [y for y in (1, 2)]",
        "x = lambda: 0",
        "x = f'{data}'",
        "def f(): pass",
        "@dict\nclass X: pass",
        "with open('x') as y: pass",
        "x = '{{$HOME:a}}'",
    ],
)
def test_a_config_that_would_run_code_needs_trust(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config.py"
    path.write_text(f"model = dict()\ndata = dict(samples=-2 * 4, **model)\n{line}\n")
    with pytest.raises(WeightsError, match="ANNOTATE_TRUST_WEIGHTS"):
        Config.read(path, trusted=False)
    assert Config.read(path, trusted=True).generation == "0"


def test_a_config_in_another_encoding_needs_trust(tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_bytes(b"# coding: latin-1\nmodel = dict()\ndata = dict()\n")
    with pytest.raises(WeightsError, match="ANNOTATE_TRUST_WEIGHTS"):
        Config.read(path, trusted=False)


@pytest.mark.parametrize("foreign", ["os.system", "torch.hub.load", "mmengine.load", int])
def test_a_type_that_is_not_registered_needs_trust(foreign: Any) -> None:
    config = Config(Path("config.py"), "1")
    settings: dict[str, Any] = {"model": {"type": "mmdet.RetinaNet", "neck": [{"type": "FPN"}]}}
    config.refuse_imports(settings)
    settings["model"]["neck"].append({"type": foreign})
    with pytest.raises(WeightsError, match="would import"):
        config.refuse_imports(settings)
    with pytest.raises(WeightsError, match="custom_imports"):
        config.refuse_imports({"custom_imports": {"imports": ["x"]}})


@pytest.mark.parametrize("generation", ["0", "1"])
def test_a_checkpoint_is_read_without_what_training_left_in_it(
    tmp_path: Path, generation: str
) -> None:
    weights = read(make_folder(tmp_path, generation))
    assert weights.classes == ("pencil", "stamp")
    assert weights.tensors["bbox_head.retina_reg.weight"].shape == (30, 64, 3, 3)
    assert not any(name.startswith("ema_") for name in weights.tensors)


def test_the_checkpoint_is_one_that_torch_s_own_loader_refuses() -> None:
    imports = Checkpoint.inspect(BEST).imports
    assert "mmengine.logging.history_buffer.HistoryBuffer" in imports
    with pytest.raises(Exception, match="HistoryBuffer"):
        torch.load(BEST, weights_only=True)


def test_a_checkpoint_that_would_import_more_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, "0")
    (tmp_path / "best.pth").write_bytes(pickle_importing("os.system", mmcv_version="1.7.2"))
    with pytest.raises(WeightsError, match=r"would import os\.system.*ANNOTATE_TRUST_WEIGHTS"):
        read(tmp_path)


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path, "0")
    torch.save({"meta": {"mmcv_version": "1.7.2"}, "state_dict": {}}, tmp_path / "best.pth")
    with pytest.raises(WeightsError, match="holds no tensors"):
        read(tmp_path)


def nms_rotated(
    dets: torch.Tensor, scores: torch.Tensor, iou_threshold: float, labels: Any = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Suppress upright boxes, with the signature of MMCV's function for oriented ones."""
    planes = 0 if labels is None else labels[:, None] * 1000
    kept = torchvision.ops.nms(dets + planes, scores, iou_threshold)
    return torch.cat([dets[kept], scores[kept, None]], 1), kept


def test_suppression_sees_the_best_boxes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand((300, 2), generator=generator) * 100
    boxes = torch.cat([corner, corner + 20], 1)
    scores = torch.rand(300, generator=generator)
    labels = torch.arange(300) % 3
    module = ModuleType("suppressing")
    module.__dict__["nms_rotated"] = nms_rotated
    monkeypatch.setitem(sys.modules, "suppressing", module)
    best = scores.topk(100).indices
    for most, seen in ((300, torch.arange(300)), (100, best)):
        bound(["suppressing"], most)
        found, kept = module.nms_rotated(boxes, scores, 0.3, labels=labels)
        expected, within = nms_rotated(boxes[seen], scores[seen], 0.3, labels[seen])
        assert torch.equal(found, expected)
        assert torch.equal(kept, seen[within])
        assert torch.equal(boxes[kept], found[:, :4])


def test_an_ema_of_mmcv_is_not_part_of_the_network(tmp_path: Path) -> None:
    make_folder(tmp_path, "0")
    tensors = OrderedDict({"module.a.weight": torch.ones(1), "ema_a_weight": torch.zeros(1)})
    torch.save({"meta": {"CLASSES": "ship"}, "state_dict": tensors}, tmp_path / "best.pth")
    weights = read(tmp_path)
    assert list(weights.tensors) == ["a.weight"]
    assert weights.classes == ("ship",)


def test_the_configs_differ_in_what_each_generation_calls_things() -> None:
    texts = {generation: path.read_text() for generation, path in CONFIGS.items()}
    assert "RotatedRetinaNet" in texts["0"]
    assert "mmdet.RetinaNet" in texts["1"]
