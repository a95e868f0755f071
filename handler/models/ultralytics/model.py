"""Models trained with ultralytics, all tasks: YOLOv8, v9, v10, 11, 12, 26 and RT-DETR."""

import os
import tempfile
from importlib.metadata import version
from typing import Any, Self

import numpy as np

from handler.detection.detections import Detections
from handler.detection.names import ClassNames
from handler.detection.skeletons import keypoint_names
from handler.models.channels import SERVED, check_channels
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.tasks import check_task
from handler.models.regions import Regions
from handler.models.remarks import SUPPRESSED
from handler.models.ultralytics.weights import About, neutral_name, open_model
from handler.pictures.decoding import Picture
from handler.settings import Settings

_ENVIRONMENT = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "YOLO_CONFIG_DIR": tempfile.gettempdir(),
}


class Ultralytics:
    """An ultralytics checkpoint, answered by the library itself."""

    def __init__(
        self, model: Any, about: About, names: ClassNames, device: Any, options: Options
    ) -> None:
        from handler.models.ultralytics.tasks import TASKS, Reading

        self._model = model
        self._task = TASKS[about.task]
        chosen = {
            "iou": options.iou,
            "max_det": options.max_detections,
            "agnostic_nms": options.agnostic_nms,
            "imgsz": options.image_size or about.image_size,
        }
        self.image_size = _size(chosen["imgsz"] or model.overrides.get("imgsz"))
        self._arguments = {name: value for name, value in chosen.items() if value is not None}
        self._arguments |= {"device": device, "verbose": False}
        self.task = about.task
        self.classes = names.classes
        self._reading = Reading(
            options.top_k,
            Regions(
                names.classes, options.background, options.separate_parts, options.max_detections
            ),
        )
        self.keypoints = keypoint_names(about.keypoint_count, self.classes, about.keypoint_names)
        self.description = f"{about.architecture} {self._task.noun}"
        self.without = self._task.without
        if not about.has_nms:
            self.without |= {"iou", "agnostic_nms"}
        self.remarks = names.remarks + ((SUPPRESSED,) if about.suppresses else ())
        self.versions = {name: version(name) for name in ("torch", "ultralytics")}

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        prepare_environment()
        from handler.models.engines.device import torch_device

        device = torch_device(settings.device)
        with neutral_name(folder.weights, checkpoint.kind) as path:
            model = open_model(path, folder.weights, checkpoint, settings.trust_weights)
            pickled = checkpoint.kind == "pickle"
            about = About.of(model.model) if pickled else About.read(checkpoint)
            check_task(about.task, folder.weights)
            check_channels(folder.weights, about.channels, SERVED)
            if about.names and not folder.classes:  # before the library says it at greater length
                ClassNames.of(about.names, None, None, folder.weights, folder.classes_file)
            outputs = about.outputs if pickled else _outputs_of_export(model, about, device)
            names = ClassNames.of(
                about.names, folder.classes, outputs, folder.weights, folder.classes_file
            )
            numbered = dict(enumerate(names.classes))
            if pickled:
                model.model.names = numbered
            else:
                model.predictor.model.names = numbered
            return cls(model, about, names, device, options)

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        result = self._model.predict(
            picture, conf=threshold, predictor=self._task.predictor, **self._arguments
        )[0]
        return self._task.read(result, threshold, self._reading)


def _outputs_of_export(model: Any, about: About, device: Any) -> int | None:
    """Read a TorchScript file, which happens at its first prediction, and count its classes."""
    import torch

    from handler.models.ultralytics.tasks import TASKS

    picture = np.zeros((32, 32, 3), np.uint8)
    size = {} if about.image_size is None else {"imgsz": about.image_size}
    predictor = TASKS[about.task].predictor
    model.predict(picture, conf=1, predictor=predictor, device=device, verbose=False, **size)
    backend, sides = model.predictor.model, model.predictor.imgsz
    with torch.inference_mode():
        answers = backend(torch.zeros(1, about.channels, *sides, device=backend.device))
    first, *others = answers if isinstance(answers, list | tuple) else [answers]
    prototypes = next((answer.shape[1] for answer in others if answer.ndim == 4), 0)
    return about.outputs_in(first.shape[1], prototypes)


def _size(imgsz: Any) -> tuple[int, int] | None:
    """Return the height and width that ultralytics' `imgsz` means: a side, or both."""
    sides = [imgsz, imgsz] if isinstance(imgsz, int) else imgsz
    return None if sides is None else (int(sides[0]), int(sides[-1]))


def prepare_environment() -> None:
    """Keep ultralytics, once imported, from the network, from pip and from the home folder."""
    os.environ.update(_ENVIRONMENT)
