"""Our suppression against torchvision's and ultralytics'."""

import numpy as np
import pytest
import torch
import torchvision
from numpy.typing import NDArray
from ultralytics.utils.metrics import batch_probiou
from ultralytics.utils.nms import TorchNMS

from handler.models.exported import nms


def upright_boxes(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    random = np.random.default_rng(count)
    corners = random.uniform(0, 400, (count, 2))
    boxes = np.concatenate([corners, corners + random.uniform(0, 200, (count, 2))], axis=1)
    return boxes.astype(np.float32), random.random(count, np.float32)


def oriented_boxes(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    random = np.random.default_rng(count)
    columns = [random.uniform(0, 400, (count, 2)), random.uniform(1, 200, (count, 2))]
    boxes = np.concatenate([*columns, random.uniform(-2, 2, (count, 1))], axis=1)
    return boxes.astype(np.float32), random.random(count, np.float32)


@pytest.mark.parametrize("count", [0, 1, 50, 3000])
@pytest.mark.parametrize("iou", [0.0, 0.45, 0.7])
def test_the_boxes_kept_are_torchvision_s(count: int, iou: float) -> None:
    boxes, scores = upright_boxes(count)
    expected = torchvision.ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), iou).numpy()
    np.testing.assert_array_equal(nms.upright(boxes, scores, iou, count), expected)
    np.testing.assert_array_equal(nms.upright(boxes, scores, iou, 10), expected[:10])


def test_empty_boxes_overlap_nothing() -> None:
    boxes = np.array([[5, 5, 5, 5]] * 3, np.float32)
    assert len(nms.upright(boxes, np.ones(3, np.float32), 0.5, 300)) == 3


@pytest.mark.parametrize("count", [0, 1, 50, 1000])
@pytest.mark.parametrize("iou", [0.1, 0.45, 0.7])
def test_the_oriented_boxes_kept_are_ultralytics(count: int, iou: float) -> None:
    boxes, scores = oriented_boxes(count)
    expected = TorchNMS.fast_nms(
        torch.from_numpy(boxes), torch.from_numpy(scores), iou, iou_func=batch_probiou
    ).numpy()
    np.testing.assert_array_equal(nms.oriented(boxes, scores, iou, count), expected)
    np.testing.assert_array_equal(nms.oriented(boxes, scores, iou, 10), expected[:10])


def test_the_overlap_of_oriented_boxes_is_that_of_their_distributions() -> None:
    boxes, _ = oriented_boxes(200)
    expected = batch_probiou(torch.from_numpy(boxes), torch.from_numpy(boxes)).numpy()
    np.testing.assert_allclose(nms.probabilistic_iou(boxes, boxes), expected, atol=1e-3)
    turned = np.array([[0, 0, 8, 4, 0], [0, 0, 4, 8, np.pi / 2], [900, 0, 8, 4, 0]], np.float32)
    np.testing.assert_allclose(nms.probabilistic_iou(turned, turned)[0], [1, 1, 0], atol=1e-3)
