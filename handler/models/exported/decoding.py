"""From the raw numbers that a network answers with to objects, still in the network's pixels.

A network's answer is laid out in one of the ways at the end of this module.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.errors import WeightsError
from handler.models.folder.metadata import Metadata

Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Candidates:
    """What scores above the threshold.

    boxes: (n, 4) float32, x1 y1 x2 y2; of oriented boxes x and y of the centre, width, height.
    scores: (n,) float32. classes: (n,) int64. extras: (n, e) float32: mask coefficients,
    keypoints, or the angle in radians.
    """

    boxes: Numbers
    scores: Numbers
    classes: NDArray[np.int64]
    extras: Numbers

    def take(self, indices: NDArray[np.intp]) -> "Candidates":
        """Return those of `indices`, in their order."""
        return Candidates(
            self.boxes[indices], self.scores[indices], self.classes[indices], self.extras[indices]
        )

    def with_corners(self) -> "Candidates":
        """Return these, whose boxes are centres and sizes, with boxes of two corners."""
        centre, half = self.boxes[:, :2], self.boxes[:, 2:] / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        return Candidates(boxes, self.scores, self.classes, self.extras)

    def scaled(self, width: int, height: int) -> "Candidates":
        """Return these, whose boxes are in parts of a whole, with boxes in its pixels."""
        boxes = self.boxes * np.array([width, height] * 2, np.float32)
        return Candidates(boxes, self.scores, self.classes, self.extras)


def anchors(answer: Numbers, threshold: float, classes: int) -> Candidates:
    """Decode (4 + classes + e, n): centre, size, a score for each class, of each anchor."""
    scores = answer[4 : 4 + classes]
    best = scores.max(axis=0)
    keep = np.flatnonzero(best > threshold)
    extras = answer[4 + classes :, keep].T
    return Candidates(answer[:4, keep].T, best[keep], scores[:, keep].argmax(axis=0), extras)


def anchors_with_objectness(answer: Numbers, threshold: float, classes: int) -> Candidates:
    """Decode (n, 5 + classes + e): as `anchors`, and how sure it is that there is an object.

    YOLOv5 weighs mask coefficients, too, by how sure it is.
    """
    rows = answer[answer[:, 4] > threshold]
    scores = rows[:, 5 : 5 + classes] * rows[:, 4:5]
    best = scores.max(axis=1) if len(rows) else np.zeros(0, np.float32)
    keep = np.flatnonzero(best > threshold)
    extras = rows[keep, 5 + classes :] * rows[keep, 4:5]
    return Candidates(rows[keep, :4], best[keep], scores[keep].argmax(axis=1), extras)


def objects(answer: Numbers, threshold: float, _: int) -> Candidates:
    """Decode (n, 6 + e): box, score and class of each object."""
    rows = answer[answer[:, 4] > threshold]
    return Candidates(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64), rows[:, 6:])


def queries(answer: Numbers, threshold: float, classes: int) -> Candidates:
    """Decode (n, 4 + classes): centre and size in parts of the picture, and scores, of RT-DETR."""
    return anchors(answer.T, threshold, classes)


@dataclass(frozen=True)
class Layout:
    """How an answer is read.

    suppressed: what overlaps is already out. centred: boxes are centres and sizes.
    in_parts: boxes are in parts of the picture, 0 to 1, not in the network's pixels.
    """

    read: Callable[[Numbers, float, int], Candidates]
    suppressed: bool = False
    centred: bool = True
    in_parts: bool = False


ANCHORS = Layout(anchors)
OBJECTNESS = Layout(anchors_with_objectness)
OBJECTS = Layout(objects, suppressed=True, centred=False)
ORIENTED_OBJECTS = Layout(objects, suppressed=True)
QUERIES = Layout(queries, suppressed=True, in_parts=True)
QUERY_OBJECTS = Layout(objects, suppressed=True, in_parts=True)


def layout_of(metadata: Metadata, rows: int, columns: int) -> Layout:
    """Return the layout of an answer of (rows, columns).

    Raises:
        WeightsError: the shape is none that the task and the number of classes can give.
    """
    classes = len(metadata.classes)
    if metadata.task is None and columns >= 5 + classes:
        return OBJECTNESS
    if metadata.is_rtdetr and columns in (6, 4 + classes):
        # Of two classes an old export looks like a new one; only new ones name their head.
        return QUERY_OBJECTS if columns == 6 and metadata.head else QUERIES
    if metadata.end_to_end or (metadata.task == "detect" and columns == 6):
        return ORIENTED_OBJECTS if metadata.task == "obb" else OBJECTS
    if rows == 4 + classes + metadata.extras or (metadata.task == "segment" and rows > 4 + classes):
        return ANCHORS
    raise WeightsError(
        f"The network answers with {rows} x {columns} numbers, which does not fit a model for "
        f"{metadata.task or 'YOLOv5'} with {classes} classes",
        "Export it again with all its classes; metadata of another model may lie beside it.",
    )
