"""From detections to the shapes that CVAT reads.

The wire format is that of CVAT 2.73, `cvat/apps/lambda_manager/views.py`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handler.detections import Detections


def shapes_of(
    detections: Detections, classes: Sequence[str], width: int, height: int
) -> list[dict[str, Any]]:
    """Return a CVAT shape for each detection on a picture of `width` x `height` pixels.

    Boxes are clamped to the picture and rounded to a hundredth of a pixel; one that lies outside
    is left out. CVAT ignores `confidence`; it is there for whoever else reads the answer.
    """
    limits = np.array([width, height, width, height], dtype=np.float32)
    boxes = np.clip(detections.boxes, 0, limits)
    visible = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return [
        {
            "label": classes[class_index],
            "type": "rectangle",
            "points": [round(value, 2) for value in box],
            "confidence": round(score, 4),
        }
        for box, score, class_index in zip(
            boxes[visible].tolist(),
            detections.scores[visible].tolist(),
            detections.classes[visible].tolist(),
            strict=True,
        )
    ]
