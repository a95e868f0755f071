"""The keypoints of an object: CVAT's skeleton, or plain points."""

from typing import Any

from handler.cvat.shapes.boxes import rounded
from handler.detection.detections import Detection
from handler.detection.labels import Label

VISIBLE = 0.5  # below it a keypoint is a guess; ultralytics draws it no more either


def skeleton(found: Detection, label: Label, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return `elements`, a point for each keypoint; `outside` where the model does not see it.

    The surest keypoint is always there: CVAT drops a skeleton of which nothing is seen.
    """
    keypoints = found.keypoints or []
    limit = min(VISIBLE, max(confidence for _, _, confidence in keypoints))
    elements = [
        {
            "label": name,
            "type": "points",
            "points": _clamped(x, y, size),
            "outside": confidence < limit,
        }
        for name, (x, y, confidence) in zip(label.keypoints, keypoints, strict=True)
    ]
    return [{"elements": elements}]


def points(found: Detection, _: Label, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return one shape with the `points` that the model sees."""
    seen = [_clamped(x, y, size) for x, y, sure in found.keypoints or [] if sure >= VISIBLE]
    return [{"points": [value for point in seen for value in point]}] if seen else []


def _clamped(x: float, y: float, size: tuple[int, int]) -> list[float]:
    width, height = size
    return rounded([min(max(x, 0), width), min(max(y, 0), height)])
