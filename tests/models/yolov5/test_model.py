"""Our answers against those of YOLOv5's own code, for the files that it saves."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.errors import WeightsError
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests import yolov5_repository as repository
from tests.architectures import PHOTOGRAPHS
from tests.conftest import pickle_importing

SIZE = 320
PICTURES = [np.asarray(cv2.imread(str(path)), np.uint8) for path in PHOTOGRAPHS]


def load(folder: Path, **options: Any) -> families.Model:
    asked = Options(**{"image_size": SIZE, **options})
    return families.load(ModelFolder.open(folder), asked, Settings(device="cpu"))


def compare(ours: Detections, theirs: NDArray[Any]) -> None:
    """Compare object by object; equal scores may come in another order."""
    assert len(ours) == len(theirs) >= 10
    apart = np.abs(ours.boxes[:, None] - theirs[None, :, :4]).max(axis=2)
    apart += 1000 * np.abs(ours.scores[:, None] - theirs[:, 4])
    apart[ours.classes[:, None] != theirs[:, 5]] = np.inf
    same = apart.argmin(axis=0)
    assert sorted(same) == list(range(len(ours)))
    np.testing.assert_allclose(ours.boxes[same], theirs[:, :4], atol=0.5)
    np.testing.assert_allclose(ours.scores[same], theirs[:, 4], atol=0.001)


@pytest.mark.parametrize("architecture", [None, repository.ALL_LAYERS], ids=["n", "all layers"])
def test_boxes_are_those_of_detect_py(tmp_path: Path, architecture: dict[str, Any] | None) -> None:
    model = repository.build("", tmp_path / "best.pt", PICTURES, architecture)
    ours = load(tmp_path)
    assert (ours.task, len(ours.classes)) == ("detect", 80)
    for picture in PICTURES:
        compare(ours.predict(picture, 0.25), repository.detect(model, picture, 0.25, SIZE)[0])


def test_masks_are_those_of_segment_predict_py(tmp_path: Path) -> None:
    """On a picture and at a size where YOLOv5 finds the padding of its prototypes exactly.

    Elsewhere it cuts up to a row beside it, by rounding down.
    """
    model = repository.build("-seg", tmp_path / "best.pt", PICTURES)
    ours = load(tmp_path, image_size=640)
    picture = PICTURES[1]
    found = ours.predict(picture, 0.25)
    theirs, masks = repository.detect(model, picture, 0.25, 640)
    large = masks.sum(axis=(1, 2)) >= 100  # an empty mask is no object of ours
    assert large.sum() >= 10
    assert found.masks is not None
    height, width = picture.shape[:2]
    for row, expected in zip(theirs[large], masks[large], strict=True):
        apart = np.abs(found.boxes - row[:4]).max(axis=1) + 1000 * np.abs(found.scores - row[4])
        apart[found.classes != row[5]] = np.inf
        # Boxes that differ only beyond the picture's edge are the same here.
        candidates = [
            found.masks[index].within(width, height) for index in np.flatnonzero(apart < 1).tolist()
        ]
        assert max(overlap(each, expected) for each in candidates) >= 0.99


def overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize("top_k", [1, 4])
def test_classes_are_those_of_classify_predict_py(tmp_path: Path, top_k: int) -> None:
    model = repository.build("-cls", tmp_path / "best.pt", PICTURES)
    ours = load(tmp_path, top_k=top_k, image_size=224)
    assert ours.task == "classify"
    for picture in PICTURES:
        found, theirs = ours.predict(picture, 0), repository.classify(model, picture, 224)
        np.testing.assert_array_equal(found.classes, np.argsort(-theirs)[:top_k])
        np.testing.assert_allclose(found.scores, np.sort(theirs)[::-1][:top_k], atol=0.001)
        assert len(ours.predict(picture, float(theirs.max()) + 0.001)) == 0


def test_the_options_are_honoured(tmp_path: Path) -> None:
    repository.build("", tmp_path / "best.pt", PICTURES)

    def count(**options: Any) -> int:
        return len(load(tmp_path, **options).predict(PICTURES[0], 0.6))

    assert count(max_detections=3) == 3
    assert count(iou=0.1) < count()
    assert count(agnostic_nms=True) < count()


def test_a_head_with_corner_points_is_refused(tmp_path: Path) -> None:
    model = repository.build("", tmp_path / "best.pt", PICTURES, repository.ALL_LAYERS)
    model.model[-1].no += 8
    torch.save({"model": model}, tmp_path / "best.pt")
    with pytest.raises(WeightsError, match="fork of YOLOv5: it answers with 8 numbers more"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("models.common.StemBlock", "fork of YOLOv5: it needs models.common.StemBlock"),
        ("models.yolo.IDetect", "fork of YOLOv5: it needs models.yolo.IDetect"),
        ("os.system", "would import os.system"),
        ("torch.nn.modules.module.warnings.warn", "would import torch.nn.modules.module.warnings"),
        ("torch.nn.modules.module.namedtuple", "would import torch.nn.modules.module.namedtuple"),
    ],
)
def test_nothing_but_yolov5_s_own_layers_is_loaded(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "best.pt").write_bytes(pickle_importing(name))
    (tmp_path / "model.yaml").write_text("family: yolov5\n")
    with pytest.raises(WeightsError, match=reason):
        load(tmp_path)


def test_a_classifier_s_own_transforms_are_not_built(tmp_path: Path) -> None:
    """What `classify/train.py` saves in the model: torchvision's and YOLOv5's own."""
    from torchvision import transforms
    from yolov5.utils.augmentations import CenterCrop, ToTensor

    repository.build("-cls", tmp_path / "best.pt", PICTURES)
    plain = load(tmp_path).predict(PICTURES[0], 0)
    saved = torch.load(tmp_path / "best.pt", weights_only=False)
    saved["model"].transforms = transforms.Compose(
        [
            CenterCrop(SIZE),
            ToTensor(),
            transforms.Resize(SIZE, interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.Normalize(0.5, 0.5),
        ]
    )
    torch.save(saved, tmp_path / "best.pt")
    found = load(tmp_path).predict(PICTURES[0], 0)
    np.testing.assert_array_equal(found.scores, plain.scores)


@pytest.mark.parametrize(
    ("names", "reason"),
    [(["car"], r"has 1 name for the 80 classes"), (None, r"carries no class names.* 80 lines")],
)
def test_every_class_needs_a_name(tmp_path: Path, names: Any, reason: str) -> None:
    repository.build("", tmp_path / "best.pt", PICTURES[:1])
    saved = torch.load(tmp_path / "best.pt", weights_only=False)
    if names is None:
        del saved["model"].names
    else:
        saved["model"].names = names
    torch.save(saved | {"fitness": np.float64(0.5), "best": np.arange(3)}, tmp_path / "best.pt")
    with pytest.raises(WeightsError, match=reason):
        load(tmp_path)
    (tmp_path / "classes.txt").write_text("\n".join(["car", *map(str, range(1, 80))]))
    assert load(tmp_path).classes[:2] == ("car", "1")
