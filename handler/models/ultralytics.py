"""Models trained with ultralytics, all tasks: YOLOv8, v9, v10, 11, 12, 26 and RT-DETR."""

import importlib
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

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

    def __init__(self, model: Any, device: Any, options: Options) -> None:
        from handler.models.ultralytics_tasks import TASKS

        self._model = model
        self._task = TASKS[model.task]
        self._top_k = options.top_k
        chosen = {
            "iou": options.iou,
            "max_det": options.max_detections,
            "agnostic_nms": options.agnostic_nms,
            "imgsz": options.image_size,
        }
        self._arguments = {name: value for name, value in chosen.items() if value is not None}
        self._arguments |= {"device": device, "verbose": False}
        network = model.model
        self.task: str = model.task
        self.classes = tuple(str(model.names[index]) for index in sorted(model.names))
        self.keypoints = _keypoints(network, self.classes)
        self.description = (
            f"{Path(network.yaml.get('yaml_file', 'ultralytics')).stem} {self._task.noun}"
        )
        self.without = self._task.without
        if getattr(network, "end2end", False) or "RTDETR" in type(network).__name__:
            self.without |= {"iou", "agnostic_nms"}
        self.versions = {name: version(name) for name in ("torch", "ultralytics")}

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        prepare_environment()
        from handler.models.device import torch_device

        device = torch_device(settings.device)
        model = _load(folder.weights, checkpoint, settings.trust_weights)
        if model.task not in SHAPE_TYPES:
            raise WeightsError(
                f"{folder.weights} is trained for the task {model.task!r}",
                f"Served are: {', '.join(SHAPE_TYPES)}.",
            )
        loaded = cls(model, device, options)
        if folder.classes is not None:
            check_agreement(folder.classes, loaded.classes, folder.classes_file)
        return loaded

    def predict(self, picture: Picture, threshold: float) -> Detections:
        result = self._model.predict(
            picture, conf=threshold, predictor=self._task.predictor, **self._arguments
        )[0]
        return self._task.read(result, threshold, self._top_k)


def _keypoints(network: Any, classes: tuple[str, ...]) -> tuple[str, ...]:
    count = getattr(network, "kpt_shape", (0,))[0]
    trained = getattr(network, "kpt_names", None) or {0: ()}
    return keypoint_names(count, classes, [str(name) for name in next(iter(trained.values()))])


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
