"""What the libraries that export networks do where nothing else is said."""

from collections.abc import Callable
from dataclasses import dataclass

from handler.models.engines.engine import Normalisation
from handler.models.exported import crops
from handler.models.folder.metadata import Metadata
from handler.pictures.decoding import Picture


@dataclass(frozen=True)
class Library:
    """What a library does where nothing else is said.

    crop, colours: what its classifiers see of a picture. of_logits: they answer before the softmax.
    """

    iou: float
    max_detections: int
    crop: Callable[[Picture, tuple[int, int]], Picture]
    colours: Normalisation
    of_logits: bool = False


ULTRALYTICS = Library(0.7, 300, crops.scaled_then_cropped, Normalisation())
_IMAGENET = Normalisation(
    mean=(0.485 * 255, 0.456 * 255, 0.406 * 255), scale=(0.229 * 255, 0.224 * 255, 0.225 * 255)
)
YOLOV5 = Library(0.45, 1000, crops.cropped_then_scaled, _IMAGENET, of_logits=True)


def library_of(metadata: Metadata) -> Library:
    """Return the library that wrote an export's metadata: YOLOv5 names no task."""
    return YOLOV5 if metadata.task is None else ULTRALYTICS
