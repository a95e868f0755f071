"""The ways that a picture can take to an answer: a script's, CVAT's, and any mixture of the two."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.errors import AnnotateError, SettingsError
from handler.models import families
from handler.models.cache import loading
from handler.models.exported.model import Exported
from handler.models.folder.model_folder import ModelFolder, digest
from handler.models.folder.options import Options
from handler.models.tiled import with_tiles
from handler.parity.answers import of_shapes
from handler.pictures.decoding import Picture, decode
from handler.service import Service
from handler.settings import Settings

CROP_QUALITY = 75  # Pillow's own, with which CVAT encodes a region


@dataclass(frozen=True)
class Way:
    """How a picture becomes an answer.

    pixels: a key of `PIXELS`. model: a key of `MODELS`. limits: `script` or `cvat`, whose
    thresholds. rounded: through CVAT's shapes and back.
    """

    pixels: str = "script"
    model: str = "library"
    limits: str = "script"
    rounded: bool = False


def as_script_reads(path: Path, _: int) -> Picture:
    """Return the pixels that `cv2.imread` gives.

    Raises:
        PictureError: it gives none.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise PictureError(f"{path.name}: OpenCV cannot read it, so that a script cannot either")
    return np.asarray(picture, np.uint8)


def _as_cvat(path: Path, max_pixels: int) -> Picture:
    return decode(path.read_bytes(), max_pixels)


def _region(path: Path, max_pixels: int) -> Picture:
    return _encoded_again(path, max_pixels, "JPEG", quality=CROP_QUALITY)


def _video(path: Path, max_pixels: int) -> Picture:
    return _encoded_again(path, max_pixels, "PNG", compress_level=1)


def _swapped(path: Path, max_pixels: int) -> Picture:
    return np.ascontiguousarray(as_script_reads(path, max_pixels)[..., ::-1])


def _encoded_again(path: Path, max_pixels: int, kind: str, **options: int) -> Picture:
    stream = io.BytesIO()
    rgb = cv2.cvtColor(as_script_reads(path, max_pixels), cv2.COLOR_BGR2RGB)
    Image.fromarray(rgb).save(stream, kind, **options)
    return decode(stream.getvalue(), max_pixels)


PIXELS: Mapping[str, Callable[[Path, int], Picture]] = {
    "script": as_script_reads,
    "cvat": _as_cvat,
    "region": _region,
    "video": _video,
    "swapped": _swapped,
}


class PictureError(AnnotateError):
    """A picture that one side cannot read."""

    code = "bad_picture"


class Models:
    """The model as the library runs it, as it is served, and what lies between.

    threshold: what CVAT's user asks for; None is the model's own. lowest: the least score that
    answers are to have, for measures that need all of them.
    """

    def __init__(
        self, settings: Settings, threshold: float | None = None, lowest: float | None = None
    ) -> None:
        self.settings = settings
        self.service = Service.load(settings)
        self.threshold = threshold
        self.library = _library_folder(self.service.folder)
        classes = self.service.model.classes
        self.limits: dict[str, NDArray[np.float32]] = {
            "script": np.full(len(classes), Options().threshold, np.float32),
            "cvat": self.service.options.limits(classes, threshold),
        }
        floor = min(float(each.min()) for each in self.limits.values())
        self._floor = floor if lowest is None else min(floor, lowest)
        self._loaded: dict[str, families.Model] = {"served": self.service.model}
        self._answers: dict[tuple[Path, str, str], Detections] = {}

    @cached_property
    def is_exported(self) -> bool:
        """Whether another engine than the library's own answers; tiles show what is below them."""
        return hasattr(self.service.model, Exported.numbers_of.__name__)

    def answer(self, way: Way, path: Path) -> Detections:
        """Return the objects on a picture.

        Raises:
            PictureError, RequestError: it cannot be read.
        """
        found = self.everything(way.pixels, way.model, path)
        limits = self.limits[way.limits]
        found = found.where(found.scores >= limits[found.classes])
        return self._through_shapes(found, path) if way.rounded else found

    def everything(self, pixels: str, model: str, path: Path) -> Detections:
        """Return the objects on a picture, down to the lowest score that is looked at."""
        key = (path, pixels, model)
        if key not in self._answers:
            if self._answers and next(iter(self._answers))[0] != path:
                self._answers.clear()
            picture = PIXELS[pixels](path, self.service.max_pixels)
            self._answers[key] = self.model(model).predict(picture, self._floor)
        return self._answers[key]

    def model(self, name: str) -> families.Model:
        """Return a model by its key in `MODELS`, loaded once."""
        if name not in self._loaded:
            self._loaded[name] = MODELS[name](self)
        return self._loaded[name]

    def with_size(self, image_size: int) -> families.Model:
        """Return the library's model with another size of what the network sees."""
        return _of_library(self, Options(image_size=image_size))

    def _through_shapes(self, found: Detections, path: Path) -> Detections:
        height, width = as_script_reads(path, self.service.max_pixels).shape[:2]
        shapes = shapes_of(found, self.service.label_of_class, width, height)
        return of_shapes(shapes, self.service.model.classes, width, height)


def _library_folder(folder: ModelFolder) -> ModelFolder:
    """Return what a script would load: the .pt that an export is of, or the weights themselves.

    An export whose .pt is not beside it, or above, is run by ultralytics.
    """
    exported = folder.config.get("exported")
    if exported is not None:
        named = folder.path if folder.path.name not in ("", "..") else folder.path.resolve()
        for place in (folder.path, named.parent):
            original = place / exported["from"]
            if original.is_file() and digest(original) == exported["sha256"]:
                return ModelFolder.open(original)
    if folder.weights.suffix == ".pt" or "family" in folder.config:
        return folder
    if folder.weights.suffix == ".onnx" or folder.weights.is_dir():
        return replace(folder, config=folder.config | {"family": "ultralytics"})
    return folder


def _of_library(models: Models, options: Options) -> families.Model:
    settings = replace(models.settings, engine="auto", precision="auto", cache=None)
    found = families.load(models.library, options, settings)
    served = models.service.model
    if found.classes != served.classes:
        raise SettingsError(
            f"{models.library.weights} has other classes than {models.service.folder.weights}",
            "Export it again.",
        )
    return found


def _served(models: Models, precision: str) -> families.Model:
    settings = replace(models.settings, precision=precision)
    return loading.load(models.service.folder, Options(), settings)


def _with_nms(models: Models) -> families.Model:
    ours = models.service.options
    chosen = Options(
        iou=ours.iou, max_detections=ours.max_detections, agnostic_nms=ours.agnostic_nms
    )
    return _of_library(models, replace(chosen, top_k=ours.top_k))


MODELS: Mapping[str, Callable[[Models], families.Model]] = {
    "library": lambda models: _of_library(models, Options()),
    "image size": lambda models: _of_library(
        models, Options(image_size=models.service.options.image_size)
    ),
    "nms": _with_nms,
    "tiles": lambda models: with_tiles(
        models.model("library"), Options(tile=models.service.options.tile)
    ),
    "engine": lambda models: _served(models, "f32"),
    "precision": lambda models: _served(models, models.settings.precision),
}
