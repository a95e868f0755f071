"""From detections to the shapes that CVAT reads, one rule for each type of shape.

The wire format is that of CVAT 2.73, `cvat/apps/lambda_manager/views.py`.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import orjson

from handler.cvat.shapes import boxes, keypoints, masks
from handler.detection.detections import Detection, Detections
from handler.detection.labels import Label

# A rule returns the parts of one object as CVAT's keys; nothing where it is off the picture, whose
# width and height are its last argument.
Rule = Callable[[Detection, Label, tuple[int, int]], list[dict[str, Any]]]


def _tag(_: Detection, __: Label, ___: tuple[int, int]) -> list[dict[str, Any]]:
    return [{}]


def _polygon(found: Detection, label: Label, size: tuple[int, int]) -> list[dict[str, Any]]:
    rule = boxes.polygon if found.mask is None else masks.polygon
    return rule(found, label, size)


RULES: dict[str, Rule] = {
    "rectangle": boxes.rectangle,
    "ellipse": boxes.ellipse,
    "polygon": _polygon,
    "mask": masks.mask,
    "skeleton": keypoints.skeleton,
    "points": keypoints.points,
    "tag": _tag,
}


def shapes_of(
    detections: Detections, labels: Sequence[Label], width: int, height: int
) -> list[dict[str, Any]]:
    """Return CVAT's shapes for the detections on a picture of `width` x `height` pixels.

    `labels` has the label of each class, in index order. Coordinates lie on the picture (turned
    boxes excepted) and are rounded to a hundredth of a pixel; what lies outside is left out.
    The parts of one object share a `group_id`. CVAT ignores `confidence`; it is there for whoever
    else reads the answer, and for labels with an attribute for it.
    """
    groups = count(1)
    shapes: list[dict[str, Any]] = []
    for found in detections:
        label = labels[found.class_index]
        score = round(found.score, 4)
        common: dict[str, Any] = {"label": label.name, "type": label.type, "confidence": score}
        if label.attributes:
            common["attributes"] = [
                {"name": name, "value": f"{found.score:.2f}"} for name in label.attributes
            ]
        parts = RULES[label.type](found, label, (width, height))
        if len(parts) > 1:
            common["group_id"] = next(groups)
        shapes.extend(common | part for part in parts)
    return shapes


def to_json(shapes: Any) -> bytes:
    """Return shapes as CVAT reads them; until then masks are arrays."""
    return orjson.dumps(shapes, default=masks.to_json)
