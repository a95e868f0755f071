"""Models as Ultralytics and YOLOv5 export them, to OpenVINO or ONNX, without either's code."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.detection.names import ClassNames
from handler.detection.skeletons import keypoint_names
from handler.errors import WeightsError
from handler.models.channels import SERVED, check_channels
from handler.models.engines.engine import Engine, Input, Normalisation, Plan, start
from handler.models.exported import constant_scores
from handler.models.exported.ahead import computed_ahead
from handler.models.exported.decoding import (
    ANCHORS,
    QUERIES,
    QUERY_OBJECTS,
    Candidates,
    Layout,
    answer_of_objects,
    layout_of,
)
from handler.models.exported.inputs import RTDETR, input_of, sees_whole, size_of
from handler.models.exported.libraries import ULTRALYTICS, YOLOV5, library_of
from handler.models.exported.suppression import suppress
from handler.models.exported.tasks import READ, Answer, best_classes, task_of
from handler.models.folder import onnx_header
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.metadata import Metadata, network_of
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.tasks import check_task
from handler.models.regions import Regions
from handler.models.remarks import QUANTISED, SUPPRESSED
from handler.pictures.decoding import Picture
from handler.pictures.letterbox import Letterbox
from handler.settings import Settings
from handler.timings import part

_Fitted = tuple[Picture, Letterbox]  # what the network sees, and where the picture lies in it


class Exported:
    """An exported network, answered as the library that exported it answers."""

    def __init__(
        self, engine: Engine, metadata: Metadata, task: str, folder: ModelFolder, options: Options
    ) -> None:
        self.task = task
        self._engine = engine
        self._metadata = metadata
        self._library = library_of(metadata)
        self._options = options
        self._size = engine.size or size_of(options, metadata, task)
        is_whole = engine.size is not None or sees_whole(metadata, folder)
        self._stride = None if is_whole else metadata.stride
        self.image_size: tuple[int, int] | None = self._size
        self.is_transformer = metadata.head == RTDETR
        self._layout, self._outputs = self._try()
        self.is_transformer = self._layout in (QUERIES, QUERY_OBJECTS)
        names = ClassNames.of(
            metadata.names, folder.classes, self._outputs, folder.weights, folder.classes_file
        )
        self.classes = names.classes
        points = metadata.keypoint_shape or (0, 0)
        self.keypoints = keypoint_names(points[0], self.classes, metadata.keypoints)
        self.description = metadata.description or f"YOLOv5 {task} model"
        self.versions = engine.versions
        self.without = _without(task, self._layout)
        self.remarks = (
            names.remarks
            + ((SUPPRESSED,) if metadata.suppresses else ())
            + ((QUANTISED,) if _runs_quantised(engine, folder.weights) else ())
        )
        self._regions = Regions(
            self.classes, options.background, options.separate_parts, options.max_detections
        )

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> "Exported":
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        metadata = Metadata.parse(checkpoint.metadata, folder.weights)
        if metadata.task is not None:
            check_task(metadata.task, folder.weights)
        served = (3,) if metadata.task == "classify" else SERVED
        check_channels(folder.weights, metadata.channels, served)
        network = folder.weights if checkpoint.kind == "onnx" else network_of(folder.weights)

        def inputs(ranks: Sequence[int]) -> Input:
            return input_of(metadata, metadata.task or task_of(ranks), options)

        def started(engine: Engine) -> "Exported":
            task = metadata.task or task_of(engine.ranks)
            model = cls(engine, metadata, task, folder, options)
            model._start(folder.weights)
            return model

        plan = Plan.of(settings, folder.config)
        quantised = checkpoint.kind == "onnx" and onnx_header.is_quantised(network)
        first = "onnxruntime" if quantised else ""
        return start(network, checkpoint.kind, plan, inputs, started, first)

    def _try(self) -> tuple[Layout | None, int | None]:
        """Return how the network's answer is laid out, and how many classes it has scores for."""
        picture = next(constant_scores.pictures())
        if self.task == "classify":
            return None, self._engine.run(self._cropped(picture))[0].shape[-1]
        if self.task == "semantic":
            return None, None
        if not self._metadata.head:  # it may be RT-DETR, which sees pictures stretched
            picture = np.asarray(cv2.resize(picture, self._size[::-1]), np.uint8)
        answers = self._engine.run(self._fit(picture)[0])
        prototypes = next((answer.shape[1] for answer in answers if answer.ndim == 4), 0)
        return layout_of(self._metadata, answer_of_objects(answers), prototypes)

    def _start(self, weights: Path) -> None:
        """Run the network once, and refuse it if it finds nothing on whatever picture."""
        if self._layout is None:
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
        if self.task == "semantic":
            return self._divide(picture)
        fitted = self._fit(picture)
        part("letterbox")
        answers = self._engine.run(fitted[0])
        part("forward")
        return self._detections(answers, fitted, threshold)

    def predict_each(self, pictures: Iterable[Picture], threshold: float) -> Iterator[Detections]:
        """Yield what `predict` returns for each picture: one is computed while others are read."""
        fitted = (self._fit(picture) for picture in pictures)
        for each, answers in computed_ahead(fitted, self._run_to_keep):
            part("forward")
            yield self._detections(answers, each, threshold)

    def _run_to_keep(self, fitted: _Fitted) -> list[NDArray[np.float32]]:
        """Return the network's answers, which stay valid when it runs again."""
        return [answer.copy() for answer in self._engine.run(fitted[0])]

    def _detections(
        self, answers: Sequence[NDArray[np.float32]], fitted: _Fitted, threshold: float
    ) -> Detections:
        seen, letterbox = fitted
        prototypes = next((answer[0] for answer in answers if answer.ndim == 4), None)
        candidates = answer_of_objects(answers)
        answer = Answer(
            found=self._decode(candidates, threshold, seen),
            letterbox=letterbox,
            prototypes=prototypes,
            keypoint_shape=self._metadata.keypoint_shape,
            of_probabilities=self._library is YOLOV5,
        )
        part("nms")
        return READ[self.task](answer)

    def numbers_of(self, picture: Picture) -> NDArray[np.float32]:
        """Return what the network takes in place of a picture, (1, 3, height, width)."""
        if self.task == "classify":
            return self._library.colours.numbers(self._cropped(picture))
        return Normalisation().numbers(self._fit(picture)[0])

    def _candidates(self, picture: Picture) -> Candidates:
        """Return all that the network answers with, whatever it scores."""
        numbers = answer_of_objects(self._engine.run(self._fit(picture)[0]))
        return self._read(numbers, -1)

    def _read(self, numbers: NDArray[np.float32], threshold: float) -> Candidates:
        if self._layout is None:
            raise ValueError(f"a model for {self.task} has no candidates")
        return self._layout.read(numbers, threshold, self._outputs or len(self.classes))

    def _fit(self, picture: Picture) -> _Fitted:
        if self._engine.channels == 1:
            picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        if self.is_transformer:
            seen, letterbox = Letterbox.stretch(picture, self._size)
        else:
            seen, letterbox = Letterbox.fit(picture, self._size, self._stride)
            if self._library is ULTRALYTICS:
                letterbox = letterbox.in_whole_pixels(seen)
        return seen.reshape(*seen.shape[:2], -1), letterbox

    def _cropped(self, picture: Picture) -> Picture:
        return self._library.crop(picture, self._size)

    def _decode(self, numbers: NDArray[np.float32], threshold: float, seen: Picture) -> Candidates:
        found, layout = self._read(numbers, threshold), self._layout or ANCHORS
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

    def _divide(self, picture: Picture) -> Detections:
        """Return the objects of a class for every pixel."""
        seen, letterbox = self._fit(picture)
        part("letterbox")
        pixels = self._engine.run(seen)[0][0]
        part("forward")
        if pixels.ndim == 3:  # a score for each class, before any is chosen
            pixels = pixels.argmax(axis=0) if len(pixels) > 1 else pixels[0] > 0
        return self._regions.read(letterbox.undo_pixels(pixels))

    def _classify(self, picture: Picture, threshold: float) -> Detections:
        seen = self._cropped(picture)
        part("crop")
        scores = self._engine.run(seen)[0][0]
        part("forward")
        if self._library.of_logits:
            powers = np.exp(scores - scores.max())
            scores = powers / powers.sum()
        height, width = picture.shape[:2]
        return best_classes(scores, threshold, self._options.top_k, width, height)


def _without(task: str, layout: Layout | None) -> frozenset[str]:
    if layout is None:
        of_objects = {"iou", "agnostic_nms"}
        return frozenset(of_objects | ({"max_detections"} if task == "classify" else {"top_k"}))
    return frozenset({"top_k", "iou", "agnostic_nms"} if layout.suppressed else {"top_k"})


def _runs_quantised(engine: Engine, weights: Path) -> bool:
    return "onnxruntime" in engine.versions and onnx_header.is_quantised(weights)
