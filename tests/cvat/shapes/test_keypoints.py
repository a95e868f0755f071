import numpy as np
import pytest

from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.detection.labels import Label

SKELETON = Label("hand", "skeleton", ("wrist", "thumb", "tip"), ((0, 1), (1, 2)))


def found(*confidences: float) -> Detections:
    points = [(10.123, 20, confidences[0]), (-5, 30, confidences[1]), (700, 40, confidences[2])]
    return Detections(
        boxes=np.array([(0, 0, 100, 100)], np.float32),
        scores=np.array([0.5], np.float32),
        classes=np.array([0]),
        keypoints=np.array([points], np.float32),
    )


def test_each_keypoint_is_an_element_on_the_picture() -> None:
    (shape,) = shapes_of(found(0.9, 0.2, 0.5), [SKELETON], 640, 480)
    assert "points" not in shape
    assert shape["elements"] == [
        {"label": "wrist", "type": "points", "points": [10.12, 20], "outside": False},
        {"label": "thumb", "type": "points", "points": [0, 30], "outside": True},
        {"label": "tip", "type": "points", "points": [640, 40], "outside": False},
    ]


def test_the_surest_keypoint_is_seen_even_where_the_model_doubts_all() -> None:
    (shape,) = shapes_of(found(0.1, 0.3, 0.2), [SKELETON], 640, 480)
    assert [element["outside"] for element in shape["elements"]] == [True, False, True]


@pytest.mark.parametrize(
    ("confidences", "points"), [((0.9, 0.2, 0.5), [10.12, 20, 640, 40]), ((0.1, 0.1, 0.1), None)]
)
def test_plain_points_are_those_that_are_seen(
    confidences: tuple[float, ...], points: list[float] | None
) -> None:
    shapes = shapes_of(found(*confidences), [Label("hand", "points")], 640, 480)
    assert [shape["points"] for shape in shapes] == ([] if points is None else [points])
