"""The keypoints of a pose model: their names, the edges between them, where to draw them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from handler.detection.labels import Label
from handler.detection.names import as_label
from handler.errors import SettingsError, nearest

# The names and edges are COCO's own ("keypoints" and "skeleton" of its annotations). The places are
# those of a person seen from the front, whose right is on the left, in percent of a square.
COCO = {
    "nose": (50, 10), "left_eye": (53, 7), "right_eye": (47, 7), "left_ear": (57, 9),
    "right_ear": (43, 9), "left_shoulder": (62, 24), "right_shoulder": (38, 24),
    "left_elbow": (69, 39), "right_elbow": (31, 39), "left_wrist": (72, 53),
    "right_wrist": (28, 53), "left_hip": (58, 54), "right_hip": (42, 54), "left_knee": (59, 74),
    "right_knee": (41, 74), "left_ankle": (60, 93), "right_ankle": (40, 93),
}  # fmt: skip
COCO_EDGES = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8),
    (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
)  # fmt: skip


def keypoint_names(count: int, classes: Sequence[str], trained: Sequence[str]) -> tuple[str, ...]:
    """Return the names of `count` keypoints: as trained, else COCO's for a person, else numbers."""
    labels = tuple(as_label(name) for name in trained)
    if len(set(labels)) == count and all(labels):
        return labels
    if count == len(COCO) and list(classes) == ["person"]:
        return tuple(COCO)
    return tuple(str(number) for number in range(1, count + 1))


def with_skeletons(
    labels: Sequence[Label], keypoints: Sequence[str], config: dict[str, Any]
) -> tuple[Label, ...]:
    """Return the labels, those of skeletons with their points and edges.

    `keypoints` are the model's own names; model.yaml may have others, and the edges.

    Raises:
        SettingsError: model.yaml's names are too few or not unique, or an edge's end is none.
    """
    names = tuple(config.get("keypoints", keypoints))
    if len(names) != len(keypoints) or len(set(names)) != len(names):
        raise SettingsError(
            f"model.yaml: keypoints has {len(set(names))} different names, "
            f"the model has {len(keypoints)} keypoints",
            "Name each of them, in the order of training.",
        )
    if "skeleton" in config:
        edges = tuple((_index(a, names), _index(b, names)) for a, b in config["skeleton"])
    else:
        edges = COCO_EDGES if names == tuple(COCO) else ()
    return tuple(
        replace(label, keypoints=names, edges=edges) if label.type == "skeleton" else label
        for label in labels
    )


def places(names: Sequence[str]) -> list[tuple[float, float]]:
    """Return where each keypoint lies on the picture of a skeleton, 0 to 100 in x and in y.

    Names of COCO lie where a person has them, others on a circle.
    """
    if set(names) <= set(COCO):
        return [COCO[name] for name in names]
    turns = [2 * math.pi * index / len(names) for index in range(len(names))]
    return [(round(50 + 40 * math.sin(t), 2), round(50 - 40 * math.cos(t), 2)) for t in turns]


def _index(end: str, names: Sequence[str]) -> int:
    if end not in names:
        raise SettingsError(
            f"model.yaml: skeleton: there is no keypoint {end!r}", nearest(end, names)
        )
    return names.index(end)
