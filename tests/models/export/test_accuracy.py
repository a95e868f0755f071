"""Our mAP against that of ultralytics' own validators, on answers of real architectures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from ultralytics.models.yolo.detect import DetectionValidator
from ultralytics.models.yolo.obb import OBBValidator
from ultralytics.models.yolo.pose import PoseValidator
from ultralytics.models.yolo.segment import SegmentationValidator
from ultralytics.utils.metrics import OKS_SIGMA, Metric, ap_per_class

from handler.detection.detections import Detections
from handler.models import families
from handler.models.export.accuracy import accuracy
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS

PICTURES = [np.asarray(cv2.imread(str(path)), np.uint8) for path in PHOTOGRAPHS]
VALIDATORS: dict[str, tuple[Any, str]] = {
    "yolov8n": (DetectionValidator, "tp"),
    "yolov8n-obb": (OBBValidator, "tp"),
    "yolo11n-seg": (SegmentationValidator, "tp_m"),
    "yolov8n-pose": (PoseValidator, "tp_p"),
}


def library(architecture: str, pairs: list[tuple[Detections, Detections]]) -> float:
    """Return the mAP50-95 by ultralytics' validator of a task, in points."""
    cls, kind = VALIDATORS[architecture]
    validator = object.__new__(cls)
    validator.iouv, validator.niou = torch.linspace(0.5, 0.95, 10), 10
    validator.sigma = OKS_SIGMA
    hits = [
        validator._process_batch(found_as_tensors(found), found_as_tensors(truth))[kind]
        for truth, found in pairs
    ]
    metric = Metric()
    numbers = (
        hits,
        [found.scores for _, found in pairs],
        [found.classes for _, found in pairs],
        [truth.classes for truth, _ in pairs],
    )
    metric.update(ap_per_class(*(np.concatenate(each) for each in numbers))[2:])
    return 100 * float(metric.map)


def found_as_tensors(found: Detections) -> dict[str, torch.Tensor]:
    boxes = found.boxes
    if found.angles is not None:
        centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        boxes = np.concatenate([centres, sizes, np.radians(found.angles)[:, None]], axis=1)
    tensors = {"bboxes": torch.tensor(boxes), "cls": torch.tensor(found.classes)}
    if found.masks is not None:
        whole = [mask.within(1280, 1080) for mask in found.masks]
        tensors["masks"] = torch.tensor(np.array(whole)).float()
    if found.keypoints is not None:
        tensors["keypoints"] = torch.tensor(found.keypoints)
    return tensors


def shaken(found: Detections, random: np.random.Generator) -> Detections:
    """Return nearly the same objects, a tenth of them of another class."""

    def moved(numbers: NDArray[Any] | None, by: float) -> Any:
        return None if numbers is None else numbers + random.normal(0, by, numbers.shape)

    classes = np.where(random.random(len(found)) < 0.1, found.classes + 1, found.classes)
    points = moved(found.keypoints, 2)
    return replace(
        found,
        boxes=moved(found.boxes, 2).astype(np.float32),
        classes=classes,
        angles=moved(found.angles, 2),
        masks=found.masks and [*found.masks[1:], found.masks[0]],
        keypoints=None if points is None else points.astype(np.float32),
    )


@pytest.mark.parametrize("architecture", VALIDATORS)
def test_points_are_those_of_the_library(
    model_of: Callable[[str], Path], architecture: str
) -> None:
    folder = ModelFolder.open(model_of(architecture))
    model = families.load(folder, Options(image_size=320), Settings(device="cpu"))
    random = np.random.default_rng(0)
    pairs = []
    for picture in PICTURES:
        found = model.predict(picture, 0.1)
        best = found.where(np.arange(len(found)) < 30)
        pairs.append((best.where(best.scores > best.scores[15]), shaken(best, random)))
    ours = accuracy(model.task, *zip(*pairs, strict=True))
    assert 5 < ours < 95
    assert ours == pytest.approx(library(architecture, pairs), abs=1e-6)
