"""Models trained with ultralytics, all tasks: YOLOv8, v9, v10, 11, 12, 26 and RT-DETR."""

import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np

from handler.detections import Detections
from handler.errors import WeightsError
from handler.images import Picture
from handler.labels import SHAPE_TYPES, check_agreement
from handler.models.checkpoint import Checkpoint
from handler.models.folder import ModelFolder
from handler.models.options import Options
from handler.settings import Settings
from handler.skeletons import keypoint_names

_ENVIRONMENT = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "YOLO_CONFIG_DIR": tempfile.gettempdir(),
}
_LIBRARY = "ultralytics."
_HARMLESS = {
    "__builtin__.set",
    "_codecs.encode",
    "builtins.set",
    "collections.OrderedDict",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
}


class Ultralytics:
    """An ultralytics checkpoint, answered by the library itself."""

    def __init__(self, model: Any, about: "_About", device: Any, options: Options) -> None:
        from handler.models.ultralytics_tasks import TASKS

        self._model = model
        self._task = TASKS[about.task]
        self._top_k = options.top_k
        chosen = {
            "iou": options.iou,
            "max_det": options.max_detections,
            "agnostic_nms": options.agnostic_nms,
            "imgsz": options.image_size or about.image_size,
        }
        self._arguments = {name: value for name, value in chosen.items() if value is not None}
        self._arguments |= {"device": device, "verbose": False}
        self.task = about.task
        self.classes = about.classes
        self.keypoints = keypoint_names(about.keypoint_count, self.classes, about.keypoint_names)
        self.description = f"{about.architecture} {self._task.noun}"
        self.without = self._task.without
        if not about.has_nms:
            self.without |= {"iou", "agnostic_nms"}
        self.versions = {name: version(name) for name in ("torch", "ultralytics")}

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        prepare_environment()
        from handler.models.device import torch_device

        device = torch_device(settings.device)
        with _neutral(folder.weights, checkpoint.kind) as path:
            model = _open(path, folder.weights, checkpoint, settings.trust_weights)
            pickled = checkpoint.kind == "pickle"
            about = _About.of(model.model) if pickled else _About.read(checkpoint)
            if about.task not in SHAPE_TYPES:
                raise WeightsError(
                    f"{folder.weights} is trained for the task {about.task!r}",
                    f"Served are: {', '.join(SHAPE_TYPES)}.",
                )
            loaded = cls(model, about, device, options)
            if not pickled:  # an export is read at its first prediction
                loaded.predict(np.zeros((32, 32, 3), np.uint8), 1)
        if folder.classes is not None:
            check_agreement(folder.classes, loaded.classes, folder.classes_file)
        return loaded

    def predict(self, picture: Picture, threshold: float) -> Detections:
        result = self._model.predict(
            picture, conf=threshold, predictor=self._task.predictor, **self._arguments
        )[0]
        return self._task.read(result, threshold, self._top_k)


@dataclass(frozen=True)
class _About:
    """What a network says of itself. `image_size` is set where it takes no other."""

    task: str
    classes: tuple[str, ...]
    architecture: str
    keypoint_count: int
    keypoint_names: tuple[str, ...]
    has_nms: bool = True
    image_size: Any = None

    @classmethod
    def of(cls, network: Any) -> Self:
        return cls(
            task=network.task,
            classes=_in_order(network.names),
            architecture=Path(network.yaml.get("yaml_file", "ultralytics")).stem,
            keypoint_count=getattr(network, "kpt_shape", (0,))[0],
            keypoint_names=_first(getattr(network, "kpt_names", None)),
            has_nms=not getattr(network, "end2end", False)
            and "RTDETR" not in type(network).__name__,
        )

    @classmethod
    def read(cls, checkpoint: Checkpoint) -> Self:
        """Read what an export carries beside the network."""
        metadata = checkpoint.metadata
        return cls(
            task=metadata["task"],
            classes=_in_order(metadata["names"]),
            architecture=" ".join(metadata.get("description", "ultralytics").split()[:2]),
            keypoint_count=(metadata.get("kpt_shape") or (0,))[0],
            keypoint_names=_first(metadata.get("kpt_names")),
            has_nms=not metadata.get("end2end", False),
            image_size=metadata["imgsz"],
        )


def _in_order(names: Mapping[Any, str]) -> tuple[str, ...]:
    """Return names by index; JSON has made strings of the indices."""
    return tuple(str(names[index]) for index in sorted(names, key=int))


def _first(names: Mapping[Any, list[str]] | None) -> tuple[str, ...]:
    return tuple(str(name) for name in next(iter(names.values()))) if names else ()


def prepare_environment() -> None:
    """Keep ultralytics, once imported, from the network, from pip and from the home folder."""
    os.environ.update(_ENVIRONMENT)


@contextmanager
def _neutral(weights: Path, kind: str) -> Iterator[Path]:
    """Give the file a name that means nothing, for as long as it is being opened.

    Ultralytics reads meaning into names: yolov5s.pt is replaced by a download, *-world.pt is
    another class.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "best.torchscript" if kind == "torchscript" else "best.pt")
        path.symlink_to(weights.resolve())
        yield path


def _open(path: Path, weights: Path, checkpoint: Checkpoint, trusted: bool) -> Any:
    from ultralytics import YOLO
    from ultralytics.nn import tasks

    tasks.SAFE_LOAD = not trusted
    try:
        return YOLO(str(path), task=checkpoint.metadata.get("task"))
    except Exception as error:
        raise _explain(weights, checkpoint, trusted, error) from error


def _explain(
    weights: Path, checkpoint: Checkpoint, trusted: bool, error: Exception
) -> WeightsError:
    from ultralytics import __version__ as installed

    missing = sorted(name for name in checkpoint.imports if _is_missing(name))
    if missing:
        return WeightsError(
            f"{weights} was saved by ultralytics {checkpoint.version or 'of unknown version'} "
            f"and needs {missing[0]}, which ultralytics {installed} does not have",
            "Use an image with a newer ultralytics, or train again with this one.",
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


def _is_missing(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not name.startswith(_LIBRARY):
        return False
    try:
        return not hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return True
