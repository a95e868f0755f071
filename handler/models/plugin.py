"""A model of the user's own: `plugin: module:Class` in model.yaml, beside the module."""

import importlib
import sys
from pathlib import Path
from typing import Any, Protocol, Self

from handler.detection.detections import Detections
from handler.detection.labels import SHAPE_TYPES
from handler.errors import SettingsError, WeightsError
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.libraries import remedy_for
from handler.pictures.decoding import Picture
from handler.settings import Settings

_FOLDERS: set[Path] = set()  # whose plugins were imported


class Plugin(Protocol):
    """What a plugin's class has to have.

    task: detect, obb, segment, pose or classify. classes: the names, in index order.
    keypoints: their names, for the task pose only. image_size: optional, the height and width that
    it was trained to see, which `tile: auto` takes.
    """

    task: str
    classes: tuple[str, ...]

    def load(self, folder: Path, device: str) -> None:
        """Load the model from its folder, once. device: `cpu` or `cuda:N`."""

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on a picture, (height, width, 3) uint8, BGR, that score enough."""


class PluginModel:
    """A plugin as a model family."""

    def __init__(self, plugin: Any, name: str) -> None:
        self._plugin = plugin
        self._name = name
        self._has_answered = False
        self.task: str = plugin.task
        self.classes = tuple(str(each) for each in plugin.classes)
        self.keypoints = tuple(str(each) for each in getattr(plugin, "keypoints", ()))
        size = getattr(plugin, "image_size", None)
        self.image_size = None if size is None else (int(size[0]), int(size[1]))
        self.description = f"Plugin {name}"
        self.versions: dict[str, str] = {}
        self.remarks: tuple[str, ...] = ()
        # The plugin's class decides by itself what else to honour.
        self.without = frozenset({"iou", "max_detections", "agnostic_nms", "top_k", "image_size"})

    @classmethod
    def load(cls, folder: ModelFolder, _: Checkpoint, __: Options, settings: Settings) -> Self:
        """Load the class that model.yaml names; see `families.Model.load` for what is raised."""
        name = folder.config["plugin"]
        plugin = _class_of(folder.path, name)()
        try:
            plugin.load(folder.path, _device(settings.device))
            loaded = cls(plugin, name)
        except Exception as error:
            raise WeightsError(
                f"The plugin {name} cannot load: {type(error).__name__}: {error}",
                remedy_for(error, "See docs/families/plugin.md for what its class has to have."),
            ) from error
        if loaded.task not in SHAPE_TYPES or (loaded.task == "pose" and not loaded.keypoints):
            raise WeightsError(
                f"The plugin {name} has the task {loaded.task!r} and the keypoints "
                f"{loaded.keypoints}",
                f"A task is one of {', '.join(SHAPE_TYPES)}; pose needs the names of keypoints.",
            )
        return loaded

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        try:
            found = self._plugin.predict(picture, threshold)
            self._check(found)
        except Exception as error:
            if self._has_answered:
                raise
            raise WeightsError(
                f"The plugin {self._name} fails at its first prediction: "
                f"{type(error).__name__}: {error}",
                remedy_for(error, "See docs/families/plugin.md for what `predict` has to return."),
            ) from error
        self._has_answered = True
        kept: Detections = found.where(found.scores >= threshold)
        return kept

    def _check(self, found: Any) -> None:
        """Raise TypeError or ValueError for what a model of the plugin's task does not answer."""
        if not isinstance(found, Detections):
            raise TypeError(f"predict has to return Detections, not a {type(found).__name__}")
        field = _NEEDED.get(self.task)
        if field is not None and getattr(found, field) is None:
            raise ValueError(f"{field} is missing, which a model for {self.task} answers with")
        points = found.keypoints
        if points is not None and self.task == "pose" and points.shape[1] != len(self.keypoints):
            raise ValueError(
                f"keypoints has to be (n, {len(self.keypoints)}, 3), a row for each of the "
                f"plugin's keypoints; it is {points.shape}"
            )
        if len(found) and not 0 <= found.classes.min() <= found.classes.max() < len(self.classes):
            raise ValueError(
                f"classes has to be numbers from 0 to {len(self.classes) - 1}, of the plugin's "
                f"classes; there are {sorted(set(found.classes.tolist()))[:5]}"
            )


# The field that a task's objects have beside box, score and class.
_NEEDED = {"obb": "angles", "segment": "masks", "pose": "keypoints", "semantic": "masks"}


def _class_of(folder: Path, name: str) -> Any:
    module, _, attribute = name.partition(":")
    sys.path.insert(0, str(folder.resolve()))
    _forget_namesakes(folder.resolve())
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, SyntaxError, ValueError) as error:
        raise SettingsError(
            f"model.yaml: plugin: {name} cannot be imported ({error})",
            remedy_for(
                error,
                f"Write `plugin: MODULE:CLASS` and put MODULE.py into {folder}; packages that it "
                "imports belong into the image.",
            ),
        ) from error
    finally:
        sys.path.remove(str(folder.resolve()))


def _forget_namesakes(folder: Path) -> None:
    """Have what lies in `folder` imported from there, whatever other plugins call theirs.

    Several models can be served by one process, and their plugins may all be called plugin.py. What
    is imported already goes on to work: its classes hold on to what they use.
    """
    others = _FOLDERS - {folder}
    _FOLDERS.add(folder)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and not others.isdisjoint(Path(file).parents):
            del sys.modules[name]


def _device(name: str) -> str:
    if name == "cpu":
        return name
    try:
        from handler.models.engines.device import torch_device
    except ImportError:  # an image without torch
        return "cpu"
    return str(torch_device(name))
