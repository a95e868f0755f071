"""TorchScript that answers as torchvision's models do: detectors and classifiers."""

import warnings
from typing import Any, Self

import torch
from torchvision.transforms._presets import ImageClassification

from handler.detection.detections import Detections
from handler.detection.names import ClassNames
from handler.detection.skeletons import keypoint_names
from handler.errors import SettingsError, WeightsError
from handler.models.engines.device import torch_device
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.torchvision.answers import (
    found_objects,
    likely_classes,
    listed_classes,
    tensor_of,
)
from handler.pictures.decoding import Picture
from handler.settings import Settings

_SERVED = ("detect", "segment", "pose", "classify")


class TorchScript:
    """A scripted or traced network; its task stands in model.yaml, its classes in classes.txt."""

    def __init__(
        self,
        network: Any,
        task: str,
        names: ClassNames,
        keypoints: tuple[str, ...],
        options: Options,
        device: torch.device,
    ) -> None:
        self.task = task
        self.description = "TorchScript model"
        self.versions = {"torch": torch.__version__}
        self.classes, self.remarks = names.classes, names.remarks
        self.keypoints = keypoints
        self.image_size = None
        self.without = frozenset(
            {"iou", "max_detections", "agnostic_nms"}
            if task == "classify"
            else {"iou", "agnostic_nms", "image_size", "top_k"}
        )
        self._network = network
        self._options = options
        self._device = device
        size = options.image_size or 224
        self._transforms = ImageClassification(crop_size=size, resize_size=round(size * 256 / 224))

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        if checkpoint.kind != "torchscript":
            raise WeightsError(
                f"{folder.weights} is not TorchScript", "Save it with torch.jit.save."
            )
        task = folder.config.get("task")
        if task not in _SERVED:
            raise SettingsError(
                f"{folder.weights} is TorchScript, which does not say its task",
                f"Write `task:` in model.yaml: {', '.join(_SERVED)}.",
            )
        keypoints = folder.config.get("keypoints", ())
        if task == "pose" and not keypoints:
            raise SettingsError(
                f"{folder.weights} is TorchScript, which does not name its keypoints",
                "List them under `keypoints:` in model.yaml.",
            )
        device = torch_device(settings.device)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # what it advises is for who saves
            network = torch.jit.load(folder.weights, map_location=device).eval()  # type: ignore[no-untyped-call]
        points = keypoint_names(len(keypoints), (), keypoints)
        return cls(network, task, listed_classes(folder), points, options, device)

    @torch.inference_mode()
    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        seen = tensor_of(picture, self._device)
        if self.task == "classify":
            logits = self._network(self._transforms(seen)[None])[0]
            if len(logits) != len(self.classes):
                raise WeightsError(
                    f"The network answers with {len(logits)} classes, classes.txt has "
                    f"{len(self.classes)}",
                    "Write one class a line, in the order of training.",
                )
            return likely_classes(logits, threshold, self._options.top_k, picture)
        answer = self._network([seen])
        # A scripted detector answers with its losses and its objects, others with these alone.
        objects = answer[1] if isinstance(answer, tuple) else answer
        return found_objects(objects[0], threshold, self._options.max_detections)
