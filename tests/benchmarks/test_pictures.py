import cv2
import numpy as np

from benchmarks.pictures import Size, jpeg, png
from tests.conftest import EXAMPLES


def test_a_picture_of_the_size_that_is_always_the_same() -> None:
    made = jpeg(EXAMPLES[0], 320, 240)
    assert made == jpeg(EXAMPLES[0], 320, 240)
    picture = cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (240, 320, 3)
    assert picture.std() > 10


def test_the_frame_of_a_video_is_the_same_picture_as_png() -> None:
    made = np.frombuffer(png(EXAMPLES[0], 320, 240), np.uint8)
    as_jpeg = np.frombuffer(jpeg(EXAMPLES[0], 320, 240), np.uint8)
    expected = cv2.imdecode(as_jpeg, cv2.IMREAD_COLOR)
    assert expected is not None
    np.testing.assert_array_equal(cv2.imdecode(made, cv2.IMREAD_COLOR), expected)
    assert made[:4].tobytes() == b"\x89PNG"


def test_a_size_says_what_it_is() -> None:
    assert str(Size(640, 480)) == "640x480"
    assert str(Size(1280, 720, png)) == "1280x720 PNG"
    assert Size(320, 240).of(EXAMPLES[0]) == jpeg(EXAMPLES[0], 320, 240)
