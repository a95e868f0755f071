import numpy as np

from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.detection.labels import Label


def test_a_tag_has_no_points_and_the_score_is_an_attribute_where_the_label_has_one() -> None:
    found = Detections(
        boxes=np.array([(0, 0, 640, 480)] * 2, np.float32),
        scores=np.array([0.876543, 0.1], np.float32),
        classes=np.array([1, 0]),
    )
    labels = [Label("cat", "tag"), Label("dog", "tag", attributes=("score",))]
    assert shapes_of(found, labels, 640, 480) == [
        {
            "label": "dog",
            "type": "tag",
            "confidence": 0.8765,
            "attributes": [{"name": "score", "value": "0.88"}],
        },
        {"label": "cat", "type": "tag", "confidence": 0.1},
    ]
