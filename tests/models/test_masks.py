import numpy as np
import pytest
import torch
from ultralytics.utils.ops import process_mask_native

from handler.models.masks import decode


@pytest.mark.parametrize("size", [(1080, 810), (720, 1280), (97, 64), (200, 2000), (480, 640)])
@pytest.mark.parametrize("grid", [(80, 80), (40, 80), (48, 80)])
def test_masks_are_those_of_the_library(size: tuple[int, int], grid: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    height, width = size
    smooth = random.standard_normal((8, grid[0] // 8, grid[1] // 8)).astype(np.float32)
    prototypes = smooth.repeat(8, axis=1).repeat(8, axis=2)
    coefficients = random.standard_normal((12, 8)).astype(np.float32)
    corners = random.uniform(-5, (width + 5, height + 5), (2, 12, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=0), corners.max(axis=0)], axis=1)
    theirs = process_mask_native(
        torch.from_numpy(prototypes), torch.from_numpy(coefficients), torch.from_numpy(boxes), size
    ).numpy()
    ours = decode(prototypes, coefficients, boxes, height, width)
    assert theirs.any()
    for mask, expected in zip(ours, theirs > 0, strict=True):
        assert (mask.within(width, height) ^ expected).sum() <= 1e-4 * expected.size
