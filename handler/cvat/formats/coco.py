"""COCO 1.0, and COCO keypoints: https://cocodataset.org/#format-data"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from handler.cvat.formats.image import AnnotatedImage
from handler.cvat.shapes.boxes import rounded
from handler.cvat.shapes.masks import runs_of
from handler.detection.corners import corners
from handler.detection.labels import Label
from handler.errors import SettingsError

KEYPOINTS_FILE = "person_keypoints_default.json"  # readers know keypoints by the file's name
Shape = dict[str, Any]
_SEEN, _OUTSIDE = 2, 0  # COCO's visibility of a keypoint


def to_coco(images: Sequence[AnnotatedImage], labels: Sequence[Label]) -> bytes:
    """Return the JSON of all pictures: boxes, polygons, masks as run lengths, keypoints.

    COCO has no turned boxes: they are polygons of their corners.

    Raises:
        SettingsError: the shapes are tags, or single points, which COCO does not have.
    """
    ids = {label.name: number for number, label in enumerate(labels, start=1)}
    annotations: list[dict[str, Any]] = []
    for number, image in enumerate(images, start=1):
        for shape in image.shapes:
            common = {"id": len(annotations) + 1, "image_id": number, "iscrowd": 0}
            own = {"category_id": ids[shape["label"]], "score": shape["confidence"]}
            attributes = {a["name"]: a["value"] for a in shape.get("attributes", ())}
            annotations.append({**common, **own, **_of(shape, image), "attributes": attributes})
    said = {
        "licenses": [],
        "info": {},
        "categories": [_category(label, ids[label.name]) for label in labels],
        "images": [
            {"id": number, "file_name": each.name, "width": each.width, "height": each.height}
            for number, each in enumerate(images, start=1)
        ],
        "annotations": annotations,
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _category(label: Label, number: int) -> dict[str, Any]:
    category: dict[str, Any] = {"id": number, "name": label.name, "supercategory": ""}
    if label.keypoints:
        edges = [[a + 1, b + 1] for a, b in label.edges]
        category |= {"keypoints": list(label.keypoints), "skeleton": edges}
    return category


def _of(shape: Shape, image: AnnotatedImage) -> dict[str, Any]:
    kind = shape["type"]
    if kind == "mask":
        return _mask(shape, image)
    if kind == "skeleton":
        return _keypoints(shape)
    if kind == "rectangle" and not shape.get("rotation"):
        left, top, right, bottom = shape["points"]
        box = rounded([left, top, right - left, bottom - top])
        return {"bbox": box, "area": round(box[2] * box[3], 2), "segmentation": []}
    if kind == "rectangle":
        return _polygon(corners(shape["points"], shape["rotation"]).ravel().tolist())
    if kind == "polygon":
        return _polygon(shape["points"])
    raise SettingsError(
        f"COCO has no {kind}", "Take --format cvat, or other label_types in model.yaml."
    )


def _polygon(flat: Sequence[float]) -> dict[str, Any]:
    points = np.array(flat, float).reshape(-1, 2)
    after = np.roll(points, -1, axis=0)
    area = abs(float((points[:, 0] * after[:, 1] - points[:, 1] * after[:, 0]).sum())) / 2
    box = [*points.min(axis=0).tolist(), *np.ptp(points, axis=0).tolist()]
    return {"bbox": rounded(box), "area": round(area, 2), "segmentation": [rounded(list(flat))]}


def _mask(shape: Shape, image: AnnotatedImage) -> dict[str, Any]:
    """Return a mask as COCO's run lengths: of the whole picture, column by column."""
    mask = np.asarray(shape["mask"], np.int64)
    left, top, right, bottom = mask[-4:].tolist()
    whole = np.zeros((image.height, image.width), np.int8)
    cut = mask[:-4].reshape(bottom - top + 1, right - left + 1)
    whole[top : bottom + 1, left : right + 1] = cut
    counts = runs_of(whole.ravel(order="F"))
    return {
        "bbox": [left, top, right - left + 1, bottom - top + 1],
        "area": int(cut.sum()),
        "segmentation": {"counts": counts, "size": [image.height, image.width]},
        "iscrowd": 1,
    }


def _keypoints(shape: Shape) -> dict[str, Any]:
    seen = [each["points"] for each in shape["elements"] if not each["outside"]]
    points = np.array(seen or [each["points"] for each in shape["elements"]], float)
    least, size = points.min(axis=0), np.ptp(points, axis=0)
    flat: list[float] = []
    for each in shape["elements"]:
        flat += [0, 0, _OUTSIDE] if each["outside"] else [*each["points"], _SEEN]
    return {
        "bbox": rounded([*least.tolist(), *size.tolist()]),
        "area": round(float(size.prod()), 2),
        "segmentation": [],
        "keypoints": flat,
        "num_keypoints": len(seen),
    }
