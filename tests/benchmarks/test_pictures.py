import cv2
import numpy as np

from benchmarks.pictures import jpeg
from tests.conftest import EXAMPLES


def test_a_picture_of_the_size_that_is_always_the_same() -> None:
    made = jpeg(EXAMPLES[0], 320, 240)
    assert made == jpeg(EXAMPLES[0], 320, 240)
    picture = cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (240, 320, 3)
    assert picture.std() > 10
