"""The table of model families, and how a model folder is loaded with one."""

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from typing import Protocol, Self, runtime_checkable

from handler.detection.detections import Detections
from handler.detection.labels import check_names
from handler.errors import AnnotateError, SettingsError, WeightsError, nearest
from handler.models.folder.access import readable
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.models.libraries import check_library
from handler.pictures.decoding import Picture
from handler.settings import Settings


class Model(Protocol):
    """A loaded model.

    task: a key of `labels.SHAPE_TYPES`. classes: the class names in index order.
    keypoints: their names, of a pose model. versions: of the libraries that run it.
    without: the options that have no effect on it. remarks: what its user has to know, in words.
    image_size: the height and width that it was trained to see, or is asked to; None where it does
    not say.
    """

    task: str
    classes: tuple[str, ...]
    keypoints: tuple[str, ...]
    description: str
    versions: dict[str, str]
    without: frozenset[str]
    remarks: tuple[str, ...]
    image_size: tuple[int, int] | None

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture` that score `threshold` or more."""


@runtime_checkable
class OfMany(Protocol):
    """A model that has a faster way to the objects on many pictures than one after the other."""

    def predict_each(self, pictures: Iterable[Picture], threshold: float) -> Iterator[Detections]:
        """Yield what `predict` returns for each picture, in their order."""


class Family(Model, Protocol):
    """A class of models, all of which are loaded alike."""

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`.

        Raises:
            WeightsError: they cannot be loaded, or are not of this family.
            SettingsError: the machine lacks the device that was asked for.
        """


# A family's name and the class that runs it, imported when it is chosen.
FAMILIES = {
    "exported": "handler.models.exported.model:Exported",
    "layout": "handler.models.exported.others:Others",
    "ultralytics": "handler.models.ultralytics.model:Ultralytics",
    "yolov5": "handler.models.yolov5.model:YOLOv5",
    "mmrotate": "handler.models.mmrotate.model:MMRotate",
    "torchvision": "handler.models.torchvision.model:Torchvision",
    "torchscript": "handler.models.torchvision.torchscript:TorchScript",
    "plugin": "handler.models.plugin:PluginModel",
}


# What runs without torch.
RUN_EXPORTS = ("exported", "layout")


def load(folder: ModelFolder, options: Options, settings: Settings) -> Model:
    """Load the model of a folder with the family that model.yaml or the file names.

    Raises:
        WeightsError: no family can load it, or its class list differs from classes.txt.
        SettingsError: model.yaml names a family that does not exist, or a task or class that the
            model does not have.
    """
    family, checkpoint = recognise(folder)
    if family not in FAMILIES:
        raise SettingsError(f"There is no family {family!r}", nearest(family, FAMILIES))
    if family not in RUN_EXPORTS and settings.engine not in ("auto", "torch"):
        raise SettingsError(
            f"ANNOTATE_ENGINE={settings.engine} does not run {folder.weights.name}",
            "Export it with `auto-annotate export`, or set ANNOTATE_ENGINE=auto.",
        )
    check_library(folder.weights, family, checkpoint)
    module, _, name = FAMILIES[family].partition(":")
    with redirect_stdout(sys.stderr):  # libraries print, and standard output is for what we answer
        cls: type[Family] = getattr(importlib.import_module(module), name)
        model = _loaded(cls, folder, checkpoint, options, settings)
    if folder.config.get("task", model.task) != model.task:
        raise SettingsError(
            f"model.yaml: task is {folder.config['task']}, the model is trained for {model.task}",
            "Remove the line: the weights carry the task.",
        )
    check_names(options.class_thresholds, model.classes, "class_thresholds")
    check_names(options.background, model.classes, "background")
    return model


def _loaded(
    cls: type[Family],
    folder: ModelFolder,
    checkpoint: Checkpoint,
    options: Options,
    settings: Settings,
) -> Model:
    try:
        with readable(folder.path):
            return cls.load(folder, checkpoint, options, settings)
    except AnnotateError:
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0][:200]
        raise WeightsError(
            f"{folder.weights} cannot be loaded: {type(error).__name__}: {first}",
            "Copy it again; if it still fails, save it again with the library that it was "
            "trained with.",
        ) from error
