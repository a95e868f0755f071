"""What YOLOv5's own export.py writes, against YOLOv5's own answers with the .pt."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests import yolov5_repository as repository
from tests.architectures import PHOTOGRAPHS

SIZE = 320
PICTURES = [np.asarray(cv2.imread(str(path)), np.uint8) for path in PHOTOGRAPHS]


@pytest.fixture
def exported(tmp_path: Path) -> Callable[..., tuple[Any, families.Model]]:
    """A function to YOLOv5's model and ours, of the same weights: "", "-seg" or "-cls"."""

    def export(task: str, size: int, **options: Any) -> tuple[Any, families.Model]:
        model = repository.build(task, tmp_path / "best.pt", PICTURES)
        head = model.model[-1]
        head.export, head.dynamic, head.inplace = task != "-cls", True, False
        path = tmp_path / "best.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer
            torch.onnx.export(
                model,
                (torch.zeros(1, 3, size, size),),
                path,
                input_names=["images"],
                dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}},
                dynamo=False,
            )
        head.export = False
        (tmp_path / "best.pt").unlink()
        network = onnx.load(path)
        for key, value in {"stride": 32, "names": model.names}.items():
            network.metadata_props.add(key=key, value=str(value))
        onnx.save(network, path)
        folder = ModelFolder.open(tmp_path)
        return model, families.load(folder, Options(image_size=size, **options), Settings())

    return export


def nearest(ours: Detections, theirs: NDArray[Any]) -> NDArray[np.intp]:
    """Return for each row of theirs which of ours it is, and check that they are the same."""
    assert len(ours) == len(theirs) >= 10
    apart = np.abs(ours.boxes[:, None] - theirs[None, :, :4]).max(axis=2)
    apart += 1000 * np.abs(ours.scores[:, None] - theirs[:, 4])
    apart[ours.classes[:, None] != theirs[:, 5]] = np.inf
    assert apart.min(axis=0).max() < 1
    return np.asarray(apart.argmin(axis=0))


def test_boxes_are_those_of_detect_py(exported: Callable[..., Any]) -> None:
    theirs, ours = exported("", SIZE)
    assert (ours.task, len(ours.classes), ours.description) == ("detect", 80, "YOLOv5 detect model")
    for picture in PICTURES:
        expected, _ = repository.detect(theirs, picture, 0.25, SIZE)
        nearest(ours.predict(picture, 0.25), expected)


def test_masks_are_those_of_segment_predict_py(exported: Callable[..., Any]) -> None:
    theirs, ours = exported("-seg", 640)
    assert ours.task == "segment"
    picture = PICTURES[1]
    found = ours.predict(picture, 0.25)
    rows, masks = repository.detect(theirs, picture, 0.25, 640)
    height, width = picture.shape[:2]
    large = masks.sum(axis=(1, 2)) >= 100  # an empty mask is no object of ours
    assert large.sum() >= 10
    for row, expected in zip(rows[large], masks[large], strict=True):
        apart = np.abs(found.boxes - row[:4]).max(axis=1) + 1000 * np.abs(found.scores - row[4])
        same = [found.masks[index].within(width, height) for index in np.flatnonzero(apart < 1)]
        assert max((mask & expected).sum() / (mask | expected).sum() for mask in same) >= 0.99


def test_classes_are_those_of_classify_predict_py(exported: Callable[..., Any]) -> None:
    theirs, ours = exported("-cls", 224, top_k=4)
    assert ours.task == "classify"
    for picture in PICTURES:
        found, expected = ours.predict(picture, 0), repository.classify(theirs, picture, 224)
        np.testing.assert_array_equal(found.classes, np.argsort(-expected)[:4])
        np.testing.assert_allclose(found.scores, np.sort(expected)[::-1][:4], atol=0.001)
