"""Each task and architecture against what ultralytics itself answers on two photographs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from ultralytics import RTDETR, YOLO

from handler.detection.corners import corners
from handler.detection.detections import Detections
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS

SIZE = 320
BOXES = ["yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n", "rtdetr-l"]
ORIENTED = ["yolov8n-obb", "yolo11n-obb", "yolo12n-obb", "yolo26n-obb"]
MASKS = ["yolov8n-seg", "yolov9c-seg", "yolo11n-seg", "yolo12n-seg", "yolo26n-seg"]
KEYPOINTS = ["yolov8n-pose", "yolo11n-pose", "yolo12n-pose", "yolo26n-pose"]
CLASSES = ["yolov8n-cls", "yolo11n-cls", "yolo12n-cls", "yolo26n-cls"]

Answers = list[tuple[Detections, Any]]


@pytest.fixture
def answers_of(model_of: Callable[[str], Path]) -> Callable[..., Answers]:
    """A function from an architecture to our answer and the library's on each photograph."""

    def answers(architecture: str, threshold: float = 0.25, **options: Any) -> Answers:
        folder = ModelFolder.open(model_of(architecture))
        asked = Options(image_size=SIZE, **options)
        model = families.load(folder, asked, Settings(device="cpu"))
        library = (RTDETR if architecture.startswith("rtdetr") else YOLO)(folder.weights)
        both = []
        for photograph in PHOTOGRAPHS:
            picture = cv2.imread(str(photograph))
            assert picture is not None
            theirs = library.predict(
                picture, imgsz=SIZE, conf=threshold, retina_masks=True, verbose=False
            )
            both.append((model.predict(np.asarray(picture, np.uint8), threshold), theirs[0]))
        return both

    return answers


def check(ours: Detections, theirs: Any, boxes: NDArray[Any]) -> None:
    assert len(ours) == len(theirs) >= 10
    np.testing.assert_allclose(ours.boxes, boxes, atol=0.5)
    np.testing.assert_allclose(ours.scores, theirs.conf, atol=0.001)
    np.testing.assert_array_equal(ours.classes, theirs.cls)


@pytest.mark.parametrize("architecture", BOXES)
def test_detections_are_those_of_the_library(
    answers_of: Callable[..., Answers], architecture: str
) -> None:
    for ours, theirs in answers_of(architecture):
        boxes = theirs.boxes.numpy()
        check(ours, boxes, boxes.xyxy)


@pytest.mark.parametrize("architecture", ORIENTED)
def test_oriented_boxes_have_the_corners_of_the_library(
    answers_of: Callable[..., Answers], architecture: str
) -> None:
    for ours, theirs in answers_of(architecture):
        oriented = theirs.obb.numpy()
        centre, size, turn = np.split(oriented.xywhr, [2, 4], axis=1)
        check(ours, oriented, np.concatenate([centre - size / 2, centre + size / 2], axis=1))
        assert ours.angles is not None
        np.testing.assert_allclose(ours.angles, np.degrees(turn[:, 0]), atol=0.1)
        assert np.ptp(ours.angles) > 45
        for found, expected in zip(ours, oriented.xyxyxyxy, strict=True):
            apart = np.linalg.norm(corners(found.box, found.angle)[:, None] - expected, axis=2)
            assert apart.min(axis=1).max() < 0.5


@pytest.mark.parametrize("architecture", MASKS)
def test_masks_are_those_of_the_library_in_the_picture_s_pixels(
    answers_of: Callable[..., Answers], architecture: str
) -> None:
    for ours, theirs in answers_of(architecture):
        boxes = theirs.boxes.numpy()
        check(ours, boxes, boxes.xyxy)
        assert ours.masks is not None
        height, width = theirs.orig_shape
        for mask, expected in zip(ours.masks, theirs.masks.numpy().data, strict=True):
            whole, other = mask.within(width, height), expected > 0
            union = (whole | other).sum()
            # Of masks of less than a hundred pixels one may differ: a logit of 0.
            assert (whole & other).sum() >= min(0.99 * union, union - 1)


@pytest.mark.parametrize("architecture", KEYPOINTS)
def test_keypoints_are_those_of_the_library(
    answers_of: Callable[..., Answers], architecture: str
) -> None:
    for ours, theirs in answers_of(architecture):
        boxes = theirs.boxes.numpy()
        check(ours, boxes, boxes.xyxy)
        assert ours.keypoints is not None
        np.testing.assert_allclose(ours.keypoints, theirs.keypoints.numpy().data, atol=0.5)


@pytest.mark.parametrize("architecture", CLASSES)
@pytest.mark.parametrize("top_k", [1, 5])
def test_classes_are_the_best_of_the_library(
    answers_of: Callable[..., Answers], architecture: str, top_k: int
) -> None:
    for ours, theirs in answers_of(architecture, threshold=0.001, top_k=top_k):
        np.testing.assert_array_equal(ours.classes, theirs.probs.top5[:top_k])
        np.testing.assert_allclose(ours.scores, theirs.probs.top5conf[:top_k], atol=0.001)


def test_a_class_below_the_threshold_is_not_answered(answers_of: Callable[..., Answers]) -> None:
    for ours, theirs in answers_of("yolov8n-cls", threshold=0.9):
        assert len(ours) == 0
        assert theirs.probs.top1conf < 0.9


def test_options_without_effect_are_named(model_of: Callable[[str], Path]) -> None:
    def without(architecture: str) -> frozenset[str]:
        folder = ModelFolder.open(model_of(architecture))
        return families.load(folder, Options(), Settings(device="cpu")).without

    assert without("yolov8n") == {"top_k"}
    assert without("rtdetr-l") == {"top_k", "iou", "agnostic_nms"}
    assert without("yolov8n-cls") == {"iou", "max_detections", "agnostic_nms"}
