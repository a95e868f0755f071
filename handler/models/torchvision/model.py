"""Models of torchvision, from a state dict and the architecture's name in model.yaml."""

from typing import Any, Self

import torch
from torchvision import models

from handler.detection.detections import Detections
from handler.detection.labels import SHAPE_TYPES
from handler.detection.names import ClassNames
from handler.detection.skeletons import keypoint_names
from handler.errors import SettingsError, WeightsError, nearest
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
from handler.models.unpickling import HARMLESS, load
from handler.pictures.decoding import Picture
from handler.settings import Settings

_TASKS = {"maskrcnn": "segment", "keypointrcnn": "pose"}  # by the start of the name; else detect
_SAVE_TENSORS = "Save the tensors alone: torch.save(model.state_dict(), 'best.pt')."
_WRAPPERS = ("model", "state_dict", "model_state_dict")  # what training scripts put it into


class Torchvision:
    """A detector, segmenter, pose model or classifier of torchvision."""

    def __init__(
        self,
        network: Any,
        architecture: str,
        names: ClassNames,
        options: Options,
        device: torch.device,
    ) -> None:
        self.task = _task(architecture)
        self.classes, self.remarks = names.classes, names.remarks
        self.keypoints = keypoint_names(_keypoint_count(network), names.classes, ())
        self.description = f"torchvision {architecture}"
        self.versions = {"torch": torch.__version__}
        self.without = frozenset(
            {"iou", "max_detections", "agnostic_nms", "image_size"}
            if self.task == "classify"
            else {"top_k", "agnostic_nms"} | ({"image_size"} if _has_one_size(network) else set())
        )
        self._network = network
        self._options = options
        self._device = device
        self.image_size: tuple[int, int] | None = None
        if self.task == "classify":
            self._transforms = models.get_model_weights(architecture).DEFAULT.transforms()
        else:
            _configure(network, options)
            self.image_size = _size_of(network.transform)

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        architecture = folder.config.get("architecture")
        if architecture is None:
            raise SettingsError(
                f"{folder.weights} is of the family torchvision, but of which architecture?",
                "Write `architecture: NAME` in model.yaml, such as fasterrcnn_resnet50_fpn_v2.",
            )
        task, names = _task(architecture), listed_classes(folder)
        classes = names.classes
        device = torch_device(settings.device)
        tensors = _tensors(folder, checkpoint)
        sizes = {"num_classes": len(classes) + (task != "classify"), "weights": None}
        if task != "classify":
            sizes["weights_backbone"] = None
        if task == "pose":
            sizes["num_keypoints"] = len(tensors.get(_KEYPOINTS_BIAS, ())) or 17
        network = models.get_model(architecture, **sizes)
        try:
            network.load_state_dict(tensors)
        except RuntimeError as error:
            first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
            raise WeightsError(
                f"{folder.weights} does not fit {architecture} with {len(classes)} classes: "
                f"{first}",
                "Correct `architecture` in model.yaml, or the number of lines in classes.txt.",
            ) from error
        network = network.to(device).eval().requires_grad_(False)
        return cls(network, architecture, names, options, device)

    @torch.inference_mode()
    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        seen = tensor_of(picture, self._device)
        if self.task == "classify":
            logits = self._network(self._transforms(seen)[None])[0]
            return likely_classes(logits, threshold, self._options.top_k, picture)
        # Before NMS it leaves the same objects as after, and no masks are drawn for the rest.
        _thresholds_of(self._network).score_thresh = threshold
        answer = self._network([seen])[0]
        return found_objects(answer, threshold, self._options.max_detections)


_KEYPOINTS_BIAS = "roi_heads.keypoint_predictor.kps_score_lowres.bias"


def _task(architecture: str) -> str:
    detectors = models.list_models(module=models.detection)
    classifiers = models.list_models(module=models)
    if architecture in detectors:
        return next((t for name, t in _TASKS.items() if architecture.startswith(name)), "detect")
    if architecture in classifiers:
        return "classify"
    raise SettingsError(
        f"model.yaml: architecture: torchvision has no {architecture!r} for the tasks "
        f"{', '.join(task for task in SHAPE_TYPES if task != 'obb')}",
        nearest(architecture, [*detectors, *classifiers]),
    )


def _tensors(folder: ModelFolder, checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    foreign = [name for name in checkpoint.imports if not _of_tensors(name)]
    if checkpoint.kind != "pickle" or foreign:
        raise WeightsError(
            f"{folder.weights} is not a state dict"
            + (f" (it imports {sorted(foreign)[0]})" if foreign else ""),
            _SAVE_TENSORS,
        )
    saved = load(folder.weights, HARMLESS)
    for wrapper in _WRAPPERS:
        saved = saved.get(wrapper, saved) if isinstance(saved, dict) else saved
    if not isinstance(saved, dict):
        raise WeightsError(
            f"{folder.weights} holds {type(saved).__name__}, not a state dict", _SAVE_TENSORS
        )
    return {name.removeprefix("module."): tensor for name, tensor in saved.items()}


def _of_tensors(name: str) -> bool:
    return name.startswith("torch.") or name in HARMLESS


def _thresholds_of(network: Any) -> Any:
    """Return the part of a detector that has its thresholds: the heads of a two-stage one."""
    return getattr(network, "roi_heads", network)


def _has_one_size(network: Any) -> bool:
    """Tell whether a detector takes pictures of one size only, as SSD does."""
    return network.transform.fixed_size is not None


def _size_of(transform: Any) -> tuple[int, int]:
    """Return the height and width that a detector resizes to, or of which it keeps the shorter."""
    width, height = transform.fixed_size or transform.min_size * 2
    return height, width


def _configure(network: Any, options: Options) -> None:
    part = _thresholds_of(network)
    if options.image_size is not None and not _has_one_size(network):
        network.transform.min_size = (options.image_size,)
        network.transform.max_size = options.image_size
    if options.iou is not None:
        part.nms_thresh = options.iou
    if options.max_detections is not None:
        part.detections_per_img = options.max_detections


def _keypoint_count(network: Any) -> int:
    predictor = getattr(getattr(network, "roi_heads", None), "keypoint_predictor", None)
    return 0 if predictor is None else int(predictor.out_channels)
