"""Which candidates of a network stay, by the rules of the library that it comes from."""

import numpy as np

from handler.models.exported import nms
from handler.models.exported.decoding import Candidates

# What ultralytics and YOLOv5 have alike. The offset moves each class's boxes to a plane of their
# own; at high classes it costs digits, and the same digits have to be lost.
_OFFSET = np.float32(7680)
_MOST = 30_000


def suppress(
    found: Candidates, iou: float, limit: int, *, agnostic: bool, oriented: bool
) -> Candidates:
    """Return at most `limit` of `found`, best first, none of which overlaps a better one.

    agnostic: boxes of different classes can overlap, too. oriented: angles are the last extra.
    """
    if len(found.scores) > _MOST:
        found = found.take(np.argsort(-found.scores, kind="stable")[:_MOST])
    offsets = (found.classes * (0 if agnostic else _OFFSET)).astype(np.float32)[:, None]
    if oriented:
        parts = [found.boxes[:, :2] + offsets, found.boxes[:, 2:], found.extras[:, -1:]]
        boxes = np.concatenate(parts, axis=1)
        return found.take(nms.oriented(boxes, found.scores, iou, limit))
    return found.take(nms.upright(found.boxes + offsets, found.scores, iou, limit))
