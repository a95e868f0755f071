import numpy as np
import pytest
from cvat_sdk.masks import encode_mask

from handler.cvat.sdk.requests import run_lengths
from handler.cvat.shapes.masks import encoded
from handler.detection.detections import Mask


@pytest.mark.parametrize("density", [0.02, 0.5, 0.98])
def test_masks_are_encoded_as_the_sdk_does(density: float) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        bitmap = np.zeros((40, 50), bool)
        bitmap[5:30, 7:40] = random.random((25, 33)) < density
        if bitmap.any():
            assert run_lengths(encoded(Mask.of(bitmap))) == encode_mask(bitmap)


def test_a_full_box_starts_with_no_zeros() -> None:
    assert run_lengths(encoded(Mask(3, 4, np.ones((2, 5), bool)))) == [0, 10, 3, 4, 7, 5]
