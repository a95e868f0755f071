"""From shapes to the requests of cvat-sdk, which take other masks and ids for names."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from cvat_sdk.auto_annotation import keypoint, shape, tag
from cvat_sdk.models import AttributeValRequest
from numpy.typing import NDArray

from handler.cvat.sdk.labels import Ids
from handler.cvat.shapes.masks import runs_of


def requests_of(
    shapes: Iterable[dict[str, Any]], ids: Mapping[str, Ids], groups: Iterator[int]
) -> list[Any]:
    """Return a LabeledShapeRequest, or of a tag a LabeledImageRequest, for each shape.

    shapes: as `shapes_of` returns them. ids: of their labels, by name; keypoints and attributes
    that have none are left out. groups: numbers, one for each object of several shapes.
    """
    numbers: dict[int, int] = {}
    requests = []
    for each in shapes:
        common: dict[str, Any] = {"attributes": _attributes(each, ids[each["label"]])}
        if "group_id" in each:
            if each["group_id"] not in numbers:
                numbers[each["group_id"]] = next(groups)
            common["group"] = numbers[each["group_id"]]
        requests.append(_request(each, ids[each["label"]], common))
    return requests


def _request(found: dict[str, Any], ids: Ids, common: dict[str, Any]) -> Any:
    if found["type"] == "tag":
        return tag(ids.label, **common)
    common |= {"type": found["type"], "score": found["confidence"]}
    if found["type"] == "mask":
        return shape(ids.label, points=run_lengths(found["mask"]), **common)
    if found["type"] == "skeleton":
        return shape(ids.label, elements=_elements(found["elements"], ids), **common)
    if "rotation" in found:
        common["rotation"] = float(found["rotation"])
    return shape(ids.label, points=_floats(found["points"]), **common)


def run_lengths(mask: NDArray[np.uint32]) -> list[int]:
    """Return a mask as `cvat_sdk.masks.encode_mask` does.

    mask: 0 or 1 for each pixel of the cut-out, row by row, then its left, top, right and bottom.
    The result is how many pixels are 0, then 1, then 0, ..., and the same box.
    """
    return [*runs_of(mask[:-4]), *mask[-4:].tolist()]


def _elements(elements: Iterable[dict[str, Any]], ids: Ids) -> list[Any]:
    return [
        keypoint(
            ids.keypoints[each["label"]], _floats(each["points"]), outside=bool(each["outside"])
        )
        for each in elements
        if each["label"] in ids.keypoints
    ]


def _attributes(found: dict[str, Any], ids: Ids) -> list[Any]:
    return [
        AttributeValRequest(spec_id=ids.attributes[each["name"]], value=each["value"])
        for each in found.get("attributes", ())
        if each["name"] in ids.attributes
    ]


def _floats(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]
