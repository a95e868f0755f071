import json

import numpy as np
import pytest

from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.detection.labels import Label


def detections(*boxes: tuple[float, float, float, float]) -> Detections:
    return Detections(
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.linspace(0.9, 0.3, len(boxes), dtype=np.float32),
        classes=np.arange(len(boxes)) % 2,
    )


def test_a_box_becomes_a_rectangle_of_plain_numbers() -> None:
    shapes = shapes_of(detections((1.234567, 2, 30, 40)), [Label("car"), Label("bus")], 100, 100)
    assert json.loads(json.dumps(shapes)) == [
        {"label": "car", "type": "rectangle", "points": [1.23, 2.0, 30.0, 40.0], "confidence": 0.9}
    ]


def test_boxes_are_clamped_to_the_picture() -> None:
    (shape,) = shapes_of(detections((-5, -1, 120, 90)), [Label("car")], 100, 80)
    assert shape["points"] == [0, 0, 100, 80]


@pytest.mark.parametrize("box", [(-9, 0, -1, 9), (100, 0, 120, 9), (5, 5, 5, 9), (5, 80, 9, 90)])
def test_what_cannot_be_seen_is_left_out(box: tuple[float, float, float, float]) -> None:
    shapes = shapes_of(detections(box, (1, 1, 2, 2)), [Label("car"), Label("bus")], 100, 80)
    assert [shape["label"] for shape in shapes] == ["bus"]


def test_nothing_found_is_an_empty_list() -> None:
    assert shapes_of(detections(), [Label("car")], 100, 80) == []
