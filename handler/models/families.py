"""The table of model families, and which of them a model folder belongs to."""

import importlib
from typing import Protocol, Self

from handler.detections import Detections
from handler.errors import SettingsError, WeightsError, nearest
from handler.images import Picture
from handler.models.checkpoint import Checkpoint
from handler.models.folder import ModelFolder
from handler.models.options import Options
from handler.settings import Settings


class Model(Protocol):
    """A loaded model: its class names in index order, what it is, the libraries that run it."""

    classes: tuple[str, ...]
    description: str
    versions: dict[str, str]

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`.

        Raises:
            WeightsError: they cannot be loaded, or are not of this family.
            SettingsError: the machine lacks the device that was asked for.
        """

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture` that score `threshold` or more."""


# A family's name, the class that runs it, and what its checkpoints import.
FAMILIES = {"ultralytics": "handler.models.ultralytics:Ultralytics"}
IMPORTS = {"ultralytics.": "ultralytics"}
NOT_SERVED = {
    "models.": "a YOLOv5 (or YOLOv7) model of its own repository",
    "mmengine.": "an MMRotate or MMDetection model",
    "yolox.": "a YOLOX model",
}


def load(folder: ModelFolder, options: Options, settings: Settings) -> Model:
    """Load the model of a folder with the family that model.yaml or the file names.

    Raises:
        WeightsError: no family can load it, or its class list differs from classes.txt.
        SettingsError: model.yaml names a family that does not exist.
    """
    checkpoint = Checkpoint.inspect(folder.weights)
    family = folder.config.get("family") or _recognise(folder, checkpoint)
    if family not in FAMILIES:
        raise SettingsError(f"There is no family {family!r}", nearest(family, FAMILIES))
    module, _, name = FAMILIES[family].partition(":")
    cls: type[Model] = getattr(importlib.import_module(module), name)
    return cls.load(folder, checkpoint, options, settings)


def _recognise(folder: ModelFolder, checkpoint: Checkpoint) -> str:
    for prefix, family in IMPORTS.items():
        if any(name.startswith(prefix) for name in checkpoint.imports):
            return family
    for prefix, what in NOT_SERVED.items():
        if any(name.startswith(prefix) for name in checkpoint.imports):
            raise WeightsError(
                f"{folder.weights} is {what}",
                "This version serves detectors trained with ultralytics (YOLOv8 to 26, RT-DETR).",
            )
    raise WeightsError(
        f"{folder.weights} holds no model of a known family "
        f"(it imports {', '.join(sorted(checkpoint.imports)[:4]) or 'nothing'})",
        "If it is a bare state dict, save the whole model: ultralytics does so as best.pt.",
    )
