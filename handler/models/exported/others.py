"""Detectors of other repositories as ONNX: YOLOX, RF-DETR, D-FINE, RT-DETR and RT-DETRv2.

Their files do not carry all that an answer needs: `layout:` in model.yaml, the names of the graph's
answers, or LibreYOLO's metadata say how a picture is shown and an answer is read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from handler.detection.detections import Detections
from handler.detection.names import ClassNames
from handler.errors import SettingsError, WeightsError
from handler.models.engines.engine import Plan
from handler.models.exported import readings, views
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.metadata import literal
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.recognition import layout_of
from handler.pictures.decoding import Picture
from handler.settings import Settings
from handler.timings import part

_IOU = 0.45  # of YOLOX's `onnx_inference.py`


@dataclass(frozen=True)
class Layout:
    """view: how a picture is shown. by_libreyolo: how LibreYOLO shows it, where it differs.

    read: how an answer is read. spare: columns of scores beyond the classes, which nothing is.
    """

    title: str
    view: views.Make
    read: readings.Read
    by_libreyolo: views.Make | None = None
    spare: int = 0


LAYOUTS = {
    "yolox": Layout("YOLOX", views.in_the_corner, readings.of_yolox, views.in_the_corner_by_pillow),
    "rfdetr": Layout("RF-DETR", views.stretched_and_normalised, readings.of_queries, spare=1),
    "dfine": Layout("D-FINE", views.stretched_by_pillow, readings.of_queries),
    "rtdetr": Layout("RT-DETR", views.stretched_by_pillow, readings.of_queries, views.stretched),
    "rtdetrv2": Layout(
        "RT-DETRv2", views.stretched_by_pillow, readings.of_queries, views.stretched
    ),
}


class Others:
    """A detector with a documented layout, on ONNX Runtime."""

    task = "detect"
    keypoints: tuple[str, ...] = ()

    def __init__(self, session: Any, layout: Layout, view: views.Make, options: Options) -> None:
        takes, *sizes = session.get_inputs()
        self._session = session
        self._name = takes.name
        self._size_name = sizes[0].name if sizes else None
        self._layout = layout
        self._view = view
        self._options = options
        height, width = takes.shape[2:]
        asked = options.image_size or 640
        self.image_size: tuple[int, int] | None = (
            height if isinstance(height, int) else asked,
            width if isinstance(width, int) else asked,
        )
        self.description = f"{layout.title} detector"
        self.versions = {"onnxruntime": onnxruntime.__version__}
        has_nms = layout.read is readings.of_yolox
        self.without = frozenset({"top_k"} | (set() if has_nms else {"iou", "agnostic_nms"}))
        self._read = readings.of_objects if self._size_name else layout.read

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> "Others":
        """Load the .onnx of `folder`; see `families.Model.load` for what is raised."""
        by_libreyolo = "model_family" in checkpoint.metadata
        name = folder.config.get("layout") or layout_of(checkpoint)
        task = checkpoint.metadata.get("task", "detect")
        if name not in LAYOUTS or task != "detect":
            raise WeightsError(
                f"{folder.weights} is a {name or 'model of unknown layout'} for the task {task}",
                f"Of other repositories' models these detectors are served: {', '.join(LAYOUTS)}. "
                "Or write a plugin: docs/families/plugin.md.",
            )
        if settings.engine == "openvino":
            raise SettingsError(
                f"ANNOTATE_ENGINE=openvino does not run {folder.weights.name}",
                "Set ANNOTATE_ENGINE=auto: detectors of other repositories run on ONNX Runtime.",
            )
        layout = LAYOUTS[name]
        session = _session(folder.weights, Plan.of(settings, folder.config))
        view = (layout.by_libreyolo if by_libreyolo else None) or layout.view
        model = cls(session, layout, view, options)
        model.name_classes(folder, literal(checkpoint.metadata.get("names")))
        return model

    def name_classes(self, folder: ModelFolder, written: Any) -> None:
        """Name the classes, and run the network once to see how many it answers with.

        Raises:
            WeightsError: a class has no name, or the network answers otherwise than its layout.
        """
        answers = self._run(self._view(np.full((480, 640, 3), 114, np.uint8), *self._sides))
        outputs = _outputs(answers, self._read)
        if outputs is not None and outputs < 1:
            shapes = ", ".join(str(answer.shape) for answer in answers)
            raise WeightsError(
                f"{folder.weights} answers with {shapes}, which is not the layout of "
                f"{self._layout.title}",
                "Correct `layout` in model.yaml.",
            )
        count = len(folder.classes or written or ())
        if outputs is not None and count == outputs - self._layout.spare:
            outputs = count
        names = ClassNames.of(written, folder.classes, outputs, folder.weights, folder.classes_file)
        self.classes, self.remarks = names.classes, names.remarks

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        height, width = picture.shape[:2]
        view = self._view(picture, *self._sides)
        part("letterbox")
        answers = self._run(view, (width, height))
        part("forward")
        of_network = self._read is readings.of_yolox
        rows, columns = self._sides
        found = self._read(
            answers,
            readings.Asked(
                threshold,
                _IOU if self._options.iou is None else self._options.iou,
                self._options.max_detections,
                self._options.agnostic_nms,
                columns if of_network else width,
                rows if of_network else height,
            ),
        )
        part("nms")
        boxes = found.boxes
        if of_network:
            limits = np.array([width, height] * 2, np.float32)
            boxes = np.clip(boxes * np.array(view.scale * 2, np.float32), 0, limits)
        known = found.classes < len(self.classes)
        return Detections(
            np.asarray(boxes[known], np.float32),
            np.asarray(found.scores[known], np.float32),
            found.classes[known],
        )

    @property
    def _sides(self) -> tuple[int, int]:
        return self.image_size or (640, 640)

    def _run(self, view: views.View, size: tuple[int, int] = (640, 480)) -> list[readings.Numbers]:
        """Return the answers without their first side, of one picture."""
        given: dict[str, Any] = {self._name: view.numbers}
        if self._size_name:
            given[self._size_name] = np.array([size], np.int64)
        return [np.asarray(answer)[0] for answer in self._session.run(None, given)]


def _session(network: Path, plan: Plan) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = plan.threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, ["CPUExecutionProvider"])


def _outputs(answers: list[readings.Numbers], read: readings.Read) -> int | None:
    """Return how many classes an answer has scores for; 0 if it is not of the layout."""
    if read is readings.of_objects:
        return None if len(answers) == 3 else 0
    if read is readings.of_yolox:
        return int(answers[0].shape[-1]) - 5 if len(answers) == 1 and answers[0].ndim == 2 else 0
    sides = [int(answer.shape[-1]) for answer in answers[:2] if answer.ndim == 2]
    if len(sides) != 2 or 4 not in sides:
        return 0
    return sides[1] if sides[0] == 4 else sides[0]
