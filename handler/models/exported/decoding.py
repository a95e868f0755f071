"""From the raw numbers that a network answers with to objects, still in the network's pixels.

A network's answer is laid out in one of the ways at the end of this module.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.errors import WeightsError
from handler.models.exported.inputs import RTDETR
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


def layout_of(metadata: Metadata, numbers: Numbers, prototypes: int) -> tuple[Layout, int | None]:
    """Return the layout of an answer, and how many classes it has scores for.

    That is None where an object comes with the number of its class: how many there could be, it
    does not tell.

    numbers: (rows, columns), of any picture. prototypes: of masks, 0 if there are none.

    Raises:
        WeightsError: the shape is none that the task can give.
    """
    rows, columns = numbers.shape
    if metadata.task is None:
        layout, count = OBJECTNESS, columns - 5 - prototypes
    elif _is_rtdetr(metadata, numbers):
        # Of two classes an old export looks like a new one; only new ones name their head.
        of_objects = columns == 6 and metadata.head
        layout, count = (QUERY_OBJECTS, 1) if of_objects else (QUERIES, columns - 4)
    elif metadata.end_to_end or (metadata.task == "detect" and columns == 6):
        layout = ORIENTED_OBJECTS if metadata.task == "obb" else OBJECTS
        count = columns - 5 - metadata.extras - prototypes
    else:
        layout, count = ANCHORS, rows - 4 - metadata.extras - prototypes
    if count < 1:
        raise WeightsError(
            f"The network answers with {rows} x {columns} numbers, which does not fit a model for "
            f"{metadata.task or 'YOLOv5'}",
            "Export it again; metadata of another model may lie beside it.",
        )
    return layout, None if layout.read is objects else count


def _is_rtdetr(metadata: Metadata, numbers: Numbers) -> bool:
    """Tell whether an answer is that of RT-DETR; exports that name no head show it by their boxes.

    Each of its rows is an object, with a box in parts of the picture.
    """
    if metadata.head or metadata.task != "detect" or numbers.shape[1] < 5:
        return metadata.head == RTDETR
    boxes = numbers[:, :4]
    return not metadata.end_to_end and bool(boxes.min() > -1 and boxes.max() < 2)


def answer_of_objects(answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the answer that has the objects, (rows, columns), of those of one picture."""
    return next(answer[0] for answer in answers if answer.ndim == 3)
