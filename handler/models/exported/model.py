"""Models as Ultralytics and YOLOv5 export them, to OpenVINO or ONNX, without either's code."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.detection.labels import SHAPE_TYPES, check_agreement
from handler.detection.skeletons import keypoint_names
from handler.errors import WeightsError
from handler.models.engines.engine import Engine, Input, Normalisation, Plan, start
from handler.models.exported import constant_scores, crops
from handler.models.exported.decoding import Candidates, layout_of
from handler.models.exported.suppression import suppress
from handler.models.exported.tasks import READ, Answer, best_classes, task_of
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.metadata import Metadata, network_of
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.pictures.decoding import Picture
from handler.pictures.letterbox import Letterbox
from handler.settings import Settings
from handler.timings import part


@dataclass(frozen=True)
class _Library:
    """What a library does where nothing else is said.

    crop, colours: what its classifiers see of a picture. of_logits: they answer before the softmax.
    """

    iou: float
    max_detections: int
    crop: Callable[[Picture, tuple[int, int]], Picture]
    colours: Normalisation
    of_logits: bool = False


_ULTRALYTICS = _Library(0.7, 300, crops.scaled_then_cropped, Normalisation())
_IMAGENET = Normalisation(
    mean=(0.485 * 255, 0.456 * 255, 0.406 * 255), scale=(0.229 * 255, 0.224 * 255, 0.225 * 255)
)
_YOLOV5 = _Library(0.45, 1000, crops.cropped_then_scaled, _IMAGENET, of_logits=True)


# Heights and widths of pictures as most cameras make them.
_LIKELY = ((480, 640), (640, 480), (360, 640), (640, 360), (427, 640), (640, 427), (640, 640))


class Exported:
    """An exported network, answered as the library that exported it answers."""

    def __init__(self, engine: Engine, metadata: Metadata, task: str, options: Options) -> None:
        self.task = task
        self.classes = metadata.classes
        points = metadata.keypoint_shape or (0, 0)
        self.keypoints = keypoint_names(points[0], self.classes, metadata.keypoints)
        self.description = metadata.description or f"YOLOv5 {task} model"
        self.versions = engine.versions
        self.without = _without(task, metadata)
        self.is_transformer = metadata.is_rtdetr
        self._engine = engine
        self._metadata = metadata
        self._library = _library(metadata)
        self._options = options
        self._size = engine.size or _size(options, metadata, task)
        self._stride = None if engine.size else metadata.stride
        self.image_size: tuple[int, int] | None = self._size

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> "Exported":
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        metadata = Metadata.parse(checkpoint.metadata, folder.weights)
        if metadata.task not in (None, *SHAPE_TYPES):
            raise WeightsError(
                f"{folder.weights} is trained for the task {metadata.task!r}",
                f"Served are: {', '.join(SHAPE_TYPES)}.",
            )
        if folder.classes is not None:
            check_agreement(folder.classes, metadata.classes, folder.classes_file)
        network = folder.weights if checkpoint.kind == "onnx" else network_of(folder.weights)

        def inputs(ranks: Sequence[int]) -> Input:
            return _input(metadata, metadata.task or task_of(ranks), options)

        def started(engine: Engine) -> "Exported":
            task = metadata.task or task_of(engine.ranks)
            model = cls(engine, metadata, task, options)
            model._start(folder.weights)
            return model

        plan = Plan.of(settings, folder.config)
        return start(network, checkpoint.kind, plan, inputs, started)

    def _start(self, weights: Path) -> None:
        """Run the network once, and refuse it if it finds nothing on whatever picture."""
        if self.task == "classify":
            self.predict(next(constant_scores.pictures()), 1)
        elif constant_scores.scores_nothing(self._candidates):
            raise WeightsError(
                f"{weights} gives every object a score of exactly 0: it was quantised with boxes, "
                "which reach to 640, and scores, which reach to 1, on one scale of 256 steps",
                "Export it again, as `auto-annotate export --int8` does from the .pt.",
            )

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        if self.task == "classify":
            return self._classify(picture, threshold)
        seen, letterbox = self._fit(picture)
        part("letterbox")
        answers = self._engine.run(seen)
        part("forward")
        prototypes = next((answer[0] for answer in answers if answer.ndim == 4), None)
        candidates = _of_objects(answers)
        answer = Answer(
            found=self._decode(candidates, threshold, seen),
            letterbox=letterbox,
            prototypes=prototypes,
            keypoint_shape=self._metadata.keypoint_shape,
            of_probabilities=self._library is _YOLOV5,
        )
        part("nms")
        return READ[self.task](answer)

    def numbers_of(self, picture: Picture) -> NDArray[np.float32]:
        """Return what the network takes in place of a picture, (1, 3, height, width)."""
        if self.task == "classify":
            return self._library.colours.numbers(self._library.crop(picture, self._size))
        return Normalisation().numbers(self._fit(picture)[0])

    def _candidates(self, picture: Picture) -> Candidates:
        """Return all that the network answers with, whatever it scores."""
        numbers = _of_objects(self._engine.run(self._fit(picture)[0]))
        layout = layout_of(self._metadata, *numbers.shape)
        return layout.read(numbers, -1, len(self.classes))

    def _fit(self, picture: Picture) -> tuple[Picture, Letterbox]:
        if self._metadata.is_rtdetr:
            return Letterbox.stretch(picture, self._size)
        seen, letterbox = Letterbox.fit(picture, self._size, self._stride)
        if self._library is _ULTRALYTICS:
            letterbox = letterbox.in_whole_pixels(seen)
        return seen, letterbox

    def _decode(self, numbers: NDArray[np.float32], threshold: float, seen: Picture) -> Candidates:
        rows, columns = numbers.shape
        layout = layout_of(self._metadata, rows, columns)
        found = layout.read(numbers, threshold, len(self.classes))
        oriented = self.task == "obb"
        if layout.centred and not oriented:
            found = found.with_corners()
        if layout.in_parts:
            height, width = seen.shape[:2]
            found = found.scaled(width, height)
        chosen, usual = self._options, self._library
        limit = chosen.max_detections or usual.max_detections
        part("outputs")
        if layout.suppressed:
            return found.take(np.argsort(-found.scores, kind="stable")[:limit])
        iou = usual.iou if chosen.iou is None else chosen.iou
        return suppress(found, iou, limit, agnostic=chosen.agnostic_nms, oriented=oriented)

    def _classify(self, picture: Picture, threshold: float) -> Detections:
        seen = self._library.crop(picture, self._size)
        part("crop")
        scores = self._engine.run(seen)[0][0]
        part("forward")
        if self._library.of_logits:
            powers = np.exp(scores - scores.max())
            scores = powers / powers.sum()
        height, width = picture.shape[:2]
        return best_classes(scores, threshold, self._options.top_k, width, height)


def _of_objects(answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return next(answer[0] for answer in answers if answer.ndim == 3)


def _library(metadata: Metadata) -> _Library:
    return _YOLOV5 if metadata.task is None else _ULTRALYTICS


def _without(task: str, metadata: Metadata) -> frozenset[str]:
    if task == "classify":
        return frozenset({"iou", "max_detections", "agnostic_nms"})
    suppressed = metadata.end_to_end or metadata.is_rtdetr
    return frozenset({"top_k", "iou", "agnostic_nms"} if suppressed else {"top_k"})


def _input(metadata: Metadata, task: str, options: Options) -> Input:
    size = _size(options, metadata, task)
    if task == "classify":
        return Input(_library(metadata).colours, (size,))
    if metadata.is_rtdetr:
        return Input(Normalisation(), (size,))
    seen = (
        Letterbox.fit(np.empty((*shape, 3), np.uint8), size, metadata.stride)[0].shape
        for shape in _LIKELY
    )
    return Input(
        Normalisation(), tuple(dict.fromkeys((rows, columns) for rows, columns, _ in seen))
    )


def _size(options: Options, metadata: Metadata, task: str) -> tuple[int, int]:
    """Return the height and width to see pictures in, multiples of the stride."""
    usual = 224 if task == "classify" else 640
    asked = options.image_size or usual
    sides = (asked, asked) if options.image_size else metadata.image_size or (asked, asked)
    height, width = (math.ceil(side / metadata.stride) * metadata.stride for side in sides)
    return height, width
