import numpy as np
import pytest
from ultralytics.data.augment import LetterBox
from ultralytics.utils.ops import scale_boxes

from handler.pictures.letterbox import Letterbox


@pytest.mark.parametrize("size", [(480, 640), (1080, 810), (97, 501), (320, 320), (33, 32)])
def test_the_pixels_are_those_of_the_library(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    seen, _ = Letterbox.fit(picture, (320, 320), 32)
    np.testing.assert_array_equal(seen, LetterBox(320, auto=True)(image=picture))
    assert max(seen.shape[:2]) == 320


def test_boxes_come_back_to_where_they_were_and_stay_on_the_picture() -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    seen, letterbox = Letterbox.fit(picture, (640, 640), 32)
    assert seen.shape == (384, 640, 3)
    boxes = np.array([[0, 12, 640, 372], [100, 62, 200, 112], [-9, 0, 700, 384]], np.float32)
    np.testing.assert_allclose(
        letterbox.undo(boxes), [[0, 0, 1280, 720], [200, 100, 400, 200], [0, 0, 1280, 720]]
    )


@pytest.mark.parametrize("shape", [(320, 320), (192, 320), (320, 192)])
def test_a_fixed_size_is_filled_as_the_library_does(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (97, 501, 3), np.uint8)
    seen, _ = Letterbox.fit(picture, shape, None)
    np.testing.assert_array_equal(seen, LetterBox(shape, auto=False)(image=picture))
    assert seen.shape[:2] == shape


@pytest.mark.parametrize("size", [(480, 640), (1080, 810), (97, 501), (319, 320), (1, 3000)])
def test_in_whole_pixels_boxes_come_back_as_the_library_s(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    picture = np.zeros((*size, 3), np.uint8)
    seen, letterbox = Letterbox.fit(picture, (320, 320), 32)
    boxes = random.uniform(-20, 340, (50, 4)).astype(np.float32)
    expected = scale_boxes(seen.shape[:2], boxes.copy(), size)
    np.testing.assert_allclose(letterbox.in_whole_pixels(seen).undo(boxes), expected, rtol=1e-5)
