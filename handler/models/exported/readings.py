"""What detectors of other repositories answer with, read as objects in the picture's pixels.

YOLOX: `yolox/utils/demo_utils.py`, `demo_postprocess`. RF-DETR, D-FINE and RT-DETRv2: their
`PostProcess`: a sigmoid, and the best of all pairs of a query and a class.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handler.models.exported import nms

Numbers = NDArray[np.float32]

_STRIDES = (8, 16, 32)  # of YOLOX
_MOST = 300  # objects, where nothing else is said; the transformers answer with as many


@dataclass(frozen=True, eq=False)
class Found:
    """boxes: (n, 4) float32, x1 y1 x2 y2. scores: (n,) float32. classes: (n,) int64; best first."""

    boxes: Numbers
    scores: Numbers
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """What is asked for. width, height: of the picture, or of what the network sees."""

    threshold: float
    iou: float
    most: int | None
    agnostic: bool
    width: float
    height: float


Read = Callable[[Sequence[Numbers], Asked], Found]


def of_yolox(answers: Sequence[Numbers], asked: Asked) -> Found:
    """Read (n, 5 + c): centre, size, objectness, and a score for each class, in 0 to 1.

    Boxes are in pixels, or as the layers give them (`tools/export_onnx.py` leaves them so unless
    `--decode_in_inference` is given): an offset in strides, and the logarithm of the size.
    """
    rows = answers[0]
    scores = rows[:, 4:5] * rows[:, 5:]
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    keep = np.flatnonzero(best > asked.threshold)
    boxes = _decoded(rows, asked)[keep] if _is_raw(rows, asked) else rows[keep, :4]
    half = boxes[:, 2:4] / 2
    boxes = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    # Boxes of different classes never meet where each class has a plane of its own.
    plane = 0 if asked.agnostic else 4 * max(asked.width, asked.height)
    apart = (boxes + (classes[keep] * plane)[:, None]).astype(np.float32)
    kept = nms.upright(apart, best[keep], asked.iou, asked.most or _MOST)
    return Found(boxes[kept], best[keep][kept], classes[keep][kept])


def _is_raw(rows: Numbers, asked: Asked) -> bool:
    """Tell whether boxes are as the layers give them: none is far from the corner then."""
    return len(rows) == len(_grid(asked)[0]) and bool(
        np.median(rows[:, 0]) < min(asked.width, asked.height) / 16
    )


def _grid(asked: Asked) -> tuple[Numbers, Numbers]:
    places, strides = [], []
    for stride in _STRIDES:
        rows, columns = int(asked.height) // stride, int(asked.width) // stride
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        places.append(np.stack([x, y], axis=2).reshape(-1, 2))
        strides.append(np.full((rows * columns, 1), stride))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _decoded(rows: Numbers, asked: Asked) -> Numbers:
    places, strides = _grid(asked)
    centres, sizes = (rows[:, :2] + places) * strides, np.exp(rows[:, 2:4]) * strides
    return np.concatenate([centres, sizes], axis=1)


def of_queries(answers: Sequence[Numbers], asked: Asked) -> Found:
    """Read (q, 4), centre and size in parts of the picture, and (q, c), in either order."""
    first, second = answers[:2]
    boxes, logits = (first, second) if first.shape[1] == 4 != second.shape[1] else (second, first)
    scores = np.asarray(1 / (1 + np.exp(-logits)), np.float32)
    flat = scores.ravel()
    order = np.argsort(-flat, kind="stable")[: asked.most or _MOST]
    order = order[flat[order] > asked.threshold]
    queries, classes = np.divmod(order, logits.shape[1])
    centre, half = boxes[queries, :2], boxes[queries, 2:4] / 2
    corners = np.concatenate([centre - half, centre + half], axis=1)
    whole = np.array([asked.width, asked.height] * 2, np.float32)
    return Found(corners * whole, flat[order], classes.astype(np.int64))


def of_objects(answers: Sequence[Numbers], asked: Asked) -> Found:
    """Read (q,) labels, (q, 4) boxes in the picture's pixels, and (q,) scores."""
    labels, boxes, scores = answers
    order = np.argsort(-scores, kind="stable")[: asked.most or _MOST]
    order = order[scores[order] > asked.threshold]
    return Found(boxes[order], scores[order], labels[order].astype(np.int64))
