"""Detectors trained with ultralytics: YOLOv8, v9, v10, 11, 12, 26 and RT-DETR."""

import importlib
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np

from handler.detections import Detections
from handler.errors import WeightsError
from handler.images import Picture
from handler.labels import check_agreement
from handler.models.checkpoint import Checkpoint
from handler.models.folder import ModelFolder
from handler.models.options import Options
from handler.settings import Settings

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
    """An ultralytics detection checkpoint, answered by the library itself."""

    def __init__(self, model: Any, device: Any, options: Options) -> None:
        self._model = model
        self._arguments = {
            "iou": options.iou,
            "max_det": options.max_detections,
            "agnostic_nms": options.agnostic_nms,
            "device": device,
            "verbose": False,
        }
        if options.image_size is not None:
            self._arguments["imgsz"] = options.image_size
        self.classes = tuple(str(model.names[index]) for index in sorted(model.names))
        self.description = f"{Path(model.model.yaml.get('yaml_file', 'ultralytics')).stem} detector"

        self.versions = {name: version(name) for name in ("torch", "ultralytics")}

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        prepare_environment()
        from handler.models.device import torch_device

        device = torch_device(settings.device)
        model = _load(folder.weights, checkpoint, settings.trust_weights)
        if model.task != "detect":
            raise WeightsError(
                f"{folder.weights} is trained for the task {model.task!r}",
                "This version serves detection.",
            )
        loaded = cls(model, device, options)
        if folder.classes is not None:
            check_agreement(folder.classes, loaded.classes, folder.classes_file)
        return loaded

    def predict(self, picture: Picture, threshold: float) -> Detections:
        result = self._model.predict(picture, conf=threshold, **self._arguments)[0]
        boxes = result.boxes.cpu().numpy()
        return Detections(boxes=boxes.xyxy, scores=boxes.conf, classes=boxes.cls.astype(np.int64))


def prepare_environment() -> None:
    """Keep ultralytics, once imported, from the network, from pip and from the home folder."""
    os.environ.update(_ENVIRONMENT)


def _load(weights: Path, checkpoint: Checkpoint, trusted: bool) -> Any:
    from ultralytics import YOLO
    from ultralytics.nn import tasks

    tasks.SAFE_LOAD = not trusted
    # Ultralytics reads meaning into file names (yolov5s.pt is replaced by a download, *-world.pt is
    # another class): the mounted file is opened under a name that means nothing.
    with tempfile.TemporaryDirectory() as folder:
        neutral = Path(folder, "best.pt")
        neutral.symlink_to(weights.resolve())
        try:
            return YOLO(str(neutral))
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
