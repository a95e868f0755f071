"""What an exporter wrote beside a network: its task, its classes, the size of its input."""

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from handler.errors import WeightsError


@dataclass(frozen=True)
class Metadata:
    """The metadata of Ultralytics' exporter, or of YOLOv5's, which has only names and stride.

    task: None of YOLOv5's exports. names: as they are written, None without any.
    image_size: height and width. channels: of the pictures.
    end_to_end: the network answers with objects, not with candidates for suppression.
    suppresses: what overlaps is out because `nms=True` was asked for at the export.
    in_eight_bits: its exporter was asked for that.
    keypoint_shape: of a pose model, how many, and 2 or 3 numbers for each.
    head: the class of the network's last layer; older exports do not tell it.
    """

    task: str | None
    names: Any
    stride: int
    image_size: tuple[int, int] | None
    channels: int
    end_to_end: bool
    suppresses: bool
    in_eight_bits: bool
    keypoint_shape: tuple[int, int] | None
    keypoints: tuple[str, ...]
    description: str
    head: str

    @property
    def extras(self) -> int:
        """The numbers of a candidate beside box and scores: its keypoints or its angle."""
        return {"obb": 1, "pose": math.prod(self.keypoint_shape or ())}.get(self.task or "", 0)

    @classmethod
    def parse(cls, written: Mapping[str, Any], path: Path) -> "Metadata":
        """Read what stands in metadata.yaml, or as text in an ONNX file.

        Raises:
            WeightsError: a value is not of its kind.
        """
        values = {name: literal(value) for name, value in written.items()}
        try:
            size, points = values.get("imgsz"), values.get("kpt_shape")
            by_class = values.get("kpt_names") or {0: ()}
            asked = values.get("args") or {}
            suppresses = bool(asked.get("nms"))
            return cls(
                task=values.get("task"),
                names=values.get("names"),
                stride=int(values.get("stride", 32)),
                image_size=None if size is None else (int(size[0]), int(size[1])),
                channels=int(values.get("channels", 3)),
                end_to_end=bool(values.get("end2end")) or suppresses,
                suppresses=suppresses,
                in_eight_bits=bool(asked.get("int8")) or asked.get("quantize") == 8,
                keypoint_shape=None if points is None else (int(points[0]), int(points[1])),
                keypoints=tuple(str(name) for name in next(iter(by_class.values()))),
                description=str(values.get("description", "")),
                head=str(values.get("head", "")),
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise WeightsError(
                f"The metadata of {path} cannot be read ({type(error).__name__}: {error})",
                "Export the model again.",
            ) from error


def of_openvino(folder: Path) -> dict[str, Any]:
    """Return what stands beside an OpenVINO model, in metadata.yaml or YOLOv5's best.yaml.

    Raises:
        WeightsError: there is no network in the folder, or nothing that describes it.
    """
    network_of(folder)
    for file in sorted(folder.glob("*.yaml")):
        try:
            written = yaml.safe_load(file.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise WeightsError(f"{file} is not YAML: {error}", "Export the model again.") from None
        if (
            file.name != "model.yaml"
            and isinstance(written, dict)
            and not written.keys().isdisjoint(("names", "task"))
        ):
            return written
    raise WeightsError(
        f"{folder} has no metadata.yaml: neither its task nor its classes are known",
        "Copy the whole folder that the export wrote.",
    )


def network_of(folder: Path) -> Path:
    """Return the .xml of an OpenVINO folder.

    Raises:
        WeightsError: it, or the .bin beside it, is missing.
    """
    networks = sorted(folder.glob("*.xml"))
    whole = [network for network in networks if network.with_suffix(".bin").is_file()]
    if len(whole) != 1:
        lacks = f": {networks[0].name} lacks its .bin" if networks and not whole else ""
        raise WeightsError(
            f"{folder} does not hold one .xml with its .bin{lacks}",
            "Copy the whole folder that the export wrote.",
        )
    return whole[0]


def literal(value: Any) -> Any:
    """Return what a text of ONNX stands for: Python's own notation, or itself."""
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
