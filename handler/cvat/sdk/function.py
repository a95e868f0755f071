"""A model behind the interface that cvat-sdk's driver calls."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Protocol

from cvat_sdk.auto_annotation import DetectionFunctionSpec
from PIL import Image

from handler.cvat.sdk.labels import ids_of, spec_labels
from handler.cvat.sdk.requests import requests_of
from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.detection.labels import Label
from handler.pictures.decoding import Picture, from_pillow

log = logging.getLogger("auto_annotate")


class Detector(Protocol):
    """A loaded model: `handler.service.Service`."""

    @property
    def labels(self) -> Sequence[Label]:
        """Each label once."""

    @property
    def label_of_class(self) -> Sequence[Label]:
        """The label of each class, in index order."""

    @property
    def max_pixels(self) -> int:
        """The most pixels that a picture may have."""

    def detect(self, picture: Picture, threshold: float | None = None) -> Detections:
        """Return what is on a picture; the threshold None is the model's own.

        Raises:
            ModelError: the model failed.
        """


class Function:
    """What cvat-sdk calls an auto-annotation function: a detector.

    spec: its labels. A picture on which the model fails is logged and gets nothing: the driver
    uploads after the last one, so that an exception would lose all of them.
    """

    def __init__(self, detector: Detector, *, typed: bool = True) -> None:
        self.spec = DetectionFunctionSpec(labels=spec_labels(detector.labels, typed=typed))
        self._detector = detector
        self._ids = ids_of(self.spec.labels)
        self._groups = count(1)

    def detect(self, context: Any, image: Image.Image) -> list[Any]:
        """Return the shapes and tags on a picture, in the pixels that CVAT shows.

        context: has `frame_name`, `conf_threshold` and `conv_mask_to_poly`.
        """
        labels = self._detector.label_of_class
        if context.conv_mask_to_poly:
            labels = as_polygons(labels)
        try:
            picture = from_pillow(image, self._detector.max_pixels)
            found = self._detector.detect(picture, context.conf_threshold)
            height, width = picture.shape[:2]
            shapes = shapes_of(found, labels, width, height)
        except Exception as error:  # whatever it is, the other pictures are worth more
            log.warning("%s gets no annotations: %s", context.frame_name, error)
            return []
        return requests_of(shapes, self._ids, self._groups)


def as_polygons(labels: Sequence[Label]) -> list[Label]:
    """Return the labels, those of masks as polygons."""
    return [replace(each, type="polygon") if each.type == "mask" else each for each in labels]
