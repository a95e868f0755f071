"""An ultralytics file: opened by its content, and what it says of itself."""

import importlib
import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from handler.errors import WeightsError
from handler.models.folder.checkpoint import Checkpoint

_LIBRARY = "ultralytics."
_HARMLESS = {
    "__builtin__.set",
    "_codecs.encode",
    "builtins.set",
    "collections.OrderedDict",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
}


@dataclass(frozen=True)
class About:
    """What a network says of itself.

    names: as they are written, or None. outputs: how many classes it answers with, if that is told.
    channels: of the pictures that it takes. suppresses: boxes that overlap are out of its answer.
    image_size: set where it takes no other. extras: numbers of an object beside box and scores.
    """

    task: str
    names: Any
    outputs: int | None
    architecture: str
    keypoint_count: int
    keypoint_names: tuple[str, ...]
    channels: int = 3
    has_nms: bool = True
    suppresses: bool = False
    image_size: Any = None
    extras: int = 0

    @classmethod
    def of(cls, network: Any) -> Self:
        """Return what a network of ultralytics says of itself."""
        return cls(
            task=network.task,
            names=getattr(network, "names", None),
            outputs=_outputs(network.model[-1]),
            architecture=Path(network.yaml.get("yaml_file", "ultralytics")).stem,
            keypoint_count=getattr(network, "kpt_shape", (0,))[0],
            keypoint_names=_first(getattr(network, "kpt_names", None)),
            channels=network.yaml.get("channels", 3),
            has_nms=not getattr(network, "end2end", False)
            and "RTDETR" not in type(network).__name__,
        )

    @classmethod
    def read(cls, checkpoint: Checkpoint) -> Self:
        """Read what an export carries beside the network."""
        metadata = checkpoint.metadata
        suppresses = bool((metadata.get("args") or {}).get("nms"))
        return cls(
            task=metadata["task"],
            names=metadata.get("names"),
            outputs=None,
            architecture=" ".join(metadata.get("description", "ultralytics").split()[:2]),
            keypoint_count=(metadata.get("kpt_shape") or (0,))[0],
            keypoint_names=_first(metadata.get("kpt_names")),
            channels=metadata.get("channels", 3),
            has_nms=not (metadata.get("end2end") or suppresses)
            and metadata.get("head") != "RTDETRDecoder",
            suppresses=suppresses,
            image_size=metadata.get("imgsz"),
            extras={"obb": 1, "pose": math.prod(metadata.get("kpt_shape") or ())}.get(
                metadata["task"], 0
            ),
        )

    def outputs_in(self, rows: int, prototypes: int) -> int | None:
        """Return how many classes an export's answer of (1, rows, ...) has scores for, if it does.

        prototypes: of masks, 0 if there are none.
        """
        if self.task in ("classify", "semantic"):
            return rows
        return rows - 4 - self.extras - prototypes if self.has_nms else None


def _outputs(head: Any) -> int | None:
    """Return how many classes a head answers with; for those that look for words it is open."""
    if type(head).__name__.startswith(("World", "YOLOE", "LRPC")):
        return None
    linear = getattr(head, "linear", None)  # of a classifier
    count = getattr(head, "nc", None) if linear is None else linear.out_features
    return None if count is None else int(count)


def _first(names: Mapping[Any, list[str]] | None) -> tuple[str, ...]:
    return tuple(str(name) for name in next(iter(names.values()))) if names else ()


@contextmanager
def neutral_name(weights: Path, kind: str) -> Iterator[Path]:
    """Give the file a name that means nothing, for as long as it is being opened.

    Ultralytics reads meaning into names: yolov5s.pt is replaced by a download, *-world.pt is
    another class.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "best.torchscript" if kind == "torchscript" else "best.pt")
        path.symlink_to(weights.resolve())
        yield path


def open_model(path: Path, weights: Path, checkpoint: Checkpoint, trusted: bool) -> Any:
    """Return the YOLO of a file, read by ultralytics' restricted loader unless it is trusted.

    path: what to read, by a name that the library knows. weights: its name in messages.

    Raises:
        WeightsError: the library cannot load it.
    """
    from ultralytics import YOLO
    from ultralytics.nn import tasks

    from handler.models.unpickling import allowing_numpy

    tasks.SAFE_LOAD = not trusted
    try:
        with allowing_numpy():
            model = YOLO(str(path), task=checkpoint.metadata.get("task"))
    except Exception as error:
        raise _explain(weights, checkpoint, trusted, error) from error
    if checkpoint.kind == "pickle":
        _refuse_fork_of_yolov12(model.model, weights)
    return model


def _refuse_fork_of_yolov12(network: Any, weights: Path) -> None:
    """Refuse what YOLOv12's authors trained under ultralytics' class names.

    It loads, and fails at its first prediction: https://github.com/ultralytics/ultralytics/issues/20758
    """
    from ultralytics.nn.modules.block import AAttn

    if any(isinstance(each, AAttn) and not hasattr(each, "qkv") for each in network.modules()):
        raise WeightsError(
            f"{weights} is of a fork of ultralytics, that of YOLOv12's authors: its attention "
            "lacks the layer qkv",
            "Export it to ONNX with the fork's own code and mount the .onnx, or train YOLO12 with "
            "ultralytics.",
        )


def _explain(
    weights: Path, checkpoint: Checkpoint, trusted: bool, error: Exception
) -> WeightsError:
    from ultralytics import __version__ as installed

    missing = sorted(name for name in checkpoint.imports if _is_missing(name))
    if missing:
        return WeightsError(
            f"{weights} was saved by ultralytics {checkpoint.version or 'of unknown version'} "
            f"and needs {missing[0]}, which ultralytics {installed} does not have",
            "Use an image with a newer ultralytics, or train again with this one."
            if _is_newer(checkpoint.version, installed)
            else "It is of a fork of ultralytics: export it to ONNX with the fork's own code and "
            "mount the .onnx, or write a plugin: docs/families/plugin.md.",
        )
    foreign = sorted(
        name
        for name in checkpoint.imports - _HARMLESS
        if not name.startswith((_LIBRARY, "torch.", "numpy."))
    )
    if foreign and not trusted:
        return WeightsError(
            f"{weights} would import {', '.join(foreign[:3])}, which is not ultralytics' own",
            "If you trust whoever made the file, set ANNOTATE_TRUST_WEIGHTS=true.",
        )
    return WeightsError(
        f"{weights} cannot be loaded by ultralytics {installed}: {type(error).__name__}: {error}",
        "Copy the file again; if it still fails, save it with this version of ultralytics.",
    )


def _is_newer(version: str | None, installed: str) -> bool:
    """Tell whether one version, such as 8.4.190, comes after another."""
    numbers = [tuple(map(int, re.findall(r"\d+", each)[:3])) for each in (version or "", installed)]
    return numbers[0] > numbers[1]


def _is_missing(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not name.startswith(_LIBRARY):
        return False
    try:
        return not hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return True
