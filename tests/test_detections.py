import numpy as np
import pytest

from handler.detections import Detections


def detections(boxes: int, scores: list[float], classes: int) -> Detections:
    return Detections(
        boxes=np.zeros((boxes, 4), np.float32),
        scores=np.array(scores, np.float32),
        classes=np.zeros(classes, np.int64),
    )


def test_the_length_is_the_number_of_objects() -> None:
    assert len(detections(2, [0.5, 0.4], 2)) == 2


@pytest.mark.parametrize(("boxes", "classes"), [(1, 2), (2, 1)])
def test_arrays_of_different_objects_are_refused(boxes: int, classes: int) -> None:
    with pytest.raises(ValueError, match="do not describe the same objects"):
        detections(boxes, [0.5, 0.4], classes)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_numbers_that_json_has_no_word_for_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        detections(1, [score], 1)
