"""CVAT for images 1.1: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from handler.cvat.formats.image import AnnotatedImage
from handler.cvat.shapes.masks import runs_of
from handler.detection.labels import Label

Shape = dict[str, Any]


def to_xml(images: Sequence[AnnotatedImage], labels: Sequence[Label]) -> bytes:
    """Return annotations.xml, with rotation, masks, skeletons, tags and attributes."""
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    described = SubElement(SubElement(SubElement(root, "meta"), "task"), "labels")
    for label in labels:
        _describe(described, label.name, label.type, label.attributes)
        for keypoint in label.keypoints:
            _describe(described, keypoint, "points", (), parent=label.name)
    for number, image in enumerate(images):
        size = {"width": str(image.width), "height": str(image.height)}
        element = SubElement(root, "image", {"id": str(number), "name": image.name, **size})
        for shape in image.shapes:
            _RULES[shape["type"]](element, shape)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _describe(
    labels: Element, name: str, kind: str, attributes: Iterable[str], **more: str
) -> None:
    label = SubElement(labels, "label")
    for key, text in {"name": name, "type": kind, **more}.items():
        SubElement(label, key).text = text
    listed = SubElement(label, "attributes")
    for attribute in attributes:
        described = SubElement(listed, "attribute")
        for key, text in {
            "name": attribute, "mutable": "False", "input_type": "text", "default_value": "",
            "values": "",
        }.items():  # fmt: skip
            SubElement(described, key).text = text


def _add(image: Element, kind: str, shape: Shape, **numbers: Any) -> Element:
    """Add a shape with what all have in common, and its attributes."""
    common = {"label": shape["label"], "source": "auto"}
    if kind != "tag":
        common |= {"occluded": "0", "z_order": "0"}
    if "group_id" in shape:
        common["group_id"] = str(shape["group_id"])
    element = SubElement(image, kind, {**common, **{k: str(v) for k, v in numbers.items()}})
    for attribute in shape.get("attributes", ()):
        SubElement(element, "attribute", name=attribute["name"]).text = attribute["value"]
    return element


def _rectangle(image: Element, shape: Shape) -> None:
    left, top, right, bottom = shape["points"]
    _add(image, "box", shape, xtl=left, ytl=top, xbr=right, ybr=bottom, **_turn(shape))


def _ellipse(image: Element, shape: Shape) -> None:
    cx, cy, right, top = shape["points"]
    radii = {"rx": round(right - cx, 2), "ry": round(cy - top, 2)}
    _add(image, "ellipse", shape, cx=cx, cy=cy, **radii, **_turn(shape))


def _turn(shape: Shape) -> dict[str, float]:
    return {"rotation": shape["rotation"]} if "rotation" in shape else {}


def _points(kind: str) -> Callable[[Element, Shape], None]:
    def rule(image: Element, shape: Shape) -> None:
        _add(image, kind, shape, points=_pairs(shape["points"]))

    return rule


def _mask(image: Element, shape: Shape) -> None:
    """Add a mask: run lengths that start with those of 0, of the pixels in its box."""
    mask = np.asarray(shape["mask"], np.int64)
    pixels, (left, top, right, bottom) = mask[:-4], mask[-4:].tolist()
    size = {"left": left, "top": top, "width": right - left + 1, "height": bottom - top + 1}
    _add(image, "mask", shape, rle=", ".join(map(str, runs_of(pixels))), **size)


def _skeleton(image: Element, shape: Shape) -> None:
    skeleton = _add(image, "skeleton", shape)
    for each in shape["elements"]:
        flags = {"outside": str(int(each["outside"])), "occluded": "0", "source": "auto"}
        place = {"label": each["label"], "points": _pairs(each["points"])}
        SubElement(skeleton, "points", {**place, **flags})


def _tag(image: Element, shape: Shape) -> None:
    _add(image, "tag", shape)


def _pairs(flat: Sequence[float]) -> str:
    return ";".join(f"{x},{y}" for x, y in zip(flat[::2], flat[1::2], strict=True))


_RULES: dict[str, Callable[[Element, Shape], None]] = {
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "polygon": _points("polygon"),
    "points": _points("points"),
    "mask": _mask,
    "skeleton": _skeleton,
    "tag": _tag,
}
