from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handler.cvat.shapes.outlines import TOLERANCE, around, joined
from handler.detection.detections import Mask


def disc(radius: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x**2 + y**2 <= radius**2)


def ring() -> NDArray[np.bool_]:
    pixels = disc(40)
    pixels[20:61, 20:61] &= ~disc(20)
    return pixels


def two_parts_with_holes() -> NDArray[np.bool_]:
    pixels = np.zeros((81, 200), bool)
    pixels[:, :81] = ring()
    pixels[20:61, 150:191] = disc(20)
    return pixels


def filled(ring: NDArray[Any], mask: Mask) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie inside a ring, by the even-odd rule."""
    height, width = mask.top + mask.pixels.shape[0], mask.left + mask.pixels.shape[1]
    scale = 8
    canvas = np.zeros(((height + 2) * scale, (width + 2) * scale), np.uint8)
    cv2.fillPoly(canvas, [np.round(ring * scale).astype(np.int32)], 1)
    return canvas[scale // 2 :: scale, scale // 2 :: scale][:height, :width] > 0


def overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize(
    "pixels", [disc(5), disc(60), ring(), two_parts_with_holes(), np.ones((7, 30), bool)]
)
def test_the_joined_ring_covers_the_mask(pixels: NDArray[np.bool_]) -> None:
    mask = Mask(13, 7, pixels)
    whole = joined([joined(part) for part in around(mask)])
    expected = mask.within(13 + pixels.shape[1], 7 + pixels.shape[0])
    # A simplified outline may leave the true one by its tolerance.
    edge = cv2.morphologyEx(pixels.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    assert overlap(filled(whole, mask), expected) >= 1 - TOLERANCE * edge.sum() / pixels.sum() / 2


def test_a_large_shape_is_kept_to_a_hundredth() -> None:
    mask = Mask(0, 0, disc(200))
    (part,) = around(mask)
    assert overlap(filled(part[0], mask), mask.pixels) > 0.99
    assert len(part[0]) < 100


def test_each_part_has_its_outline_and_then_its_holes() -> None:
    assert [len(part) for part in around(Mask(0, 0, two_parts_with_holes()))] == [2, 1]


def test_a_rectangle_has_its_corners_on_the_edges_of_its_pixels() -> None:
    ((outline,),) = around(Mask(10, 20, np.ones((3, 5), bool)))
    assert sorted(map(tuple, outline.tolist())) == [(10, 20), (10, 23), (15, 20), (15, 23)]


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 30)])
def test_a_speck_is_a_polygon_still(size: tuple[int, int]) -> None:
    ((outline,),) = around(Mask(0, 0, np.ones(size, bool)))
    assert len(outline) >= 3
    assert cv2.contourArea(outline.astype(np.float32)) == size[0] * size[1]


def test_an_empty_mask_has_no_parts() -> None:
    assert around(Mask(0, 0, np.zeros((0, 0), bool))) == []
