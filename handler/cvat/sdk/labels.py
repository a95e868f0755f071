"""From labels to cvat-sdk's, and the ids that its shapes refer to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cvat_sdk.auto_annotation import (
    keypoint_spec,
    label_spec,
    skeleton_label_spec,
    text_attribute_spec,
)

from handler.detection.labels import Label


@dataclass(frozen=True)
class Ids:
    """What a label is called by in requests: its id, and by name those of its parts."""

    label: int
    keypoints: Mapping[str, int]
    attributes: Mapping[str, int]


def spec_labels(labels: Sequence[Label], *, typed: bool) -> list[Any]:
    """Return the labels as `DetectionFunctionSpec` takes them.

    typed: name the types of shapes; without, only a skeleton's, which has to be named.
    """
    spec = []
    for number, label in enumerate(labels):
        attributes = [text_attribute_spec(name, k) for k, name in enumerate(label.attributes)]
        if label.keypoints:
            keypoints = [keypoint_spec(name, k) for k, name in enumerate(label.keypoints)]
            spec.append(skeleton_label_spec(label.name, number, keypoints, attributes=attributes))
        else:
            shape_type = label.type if typed else "any"
            spec.append(label_spec(label.name, number, type=shape_type, attributes=attributes))
    return spec


def ids_of(labels: Iterable[Any]) -> dict[str, Ids]:
    """Return by name the ids of cvat-sdk's labels: a function's own, or a task's."""
    return {
        label.name: Ids(label.id, _by_name(label, "sublabels"), _by_name(label, "attributes"))
        for label in labels
    }


def _by_name(label: Any, parts: str) -> dict[str, int]:
    return {part.name: part.id for part in getattr(label, parts, ())}
