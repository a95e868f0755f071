"""What was tried: each architecture, task, format and option beside what its library answers.

    python -m benchmarks.answers

prints the table of docs/families/tried.md. The models are small ones with random weights, which
answer with many objects close to each other: a harder case than a trained model's.
"""

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from handler.detection.detections import Detections
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.ultralytics.model import prepare_environment
from handler.settings import Settings

_THRESHOLD = 0.5
_FAR = 1e6  # pixels between objects of different classes
_LIBRARIES = ("ultralytics", "torch", "onnxruntime", "openvino")


@dataclass(frozen=True)
class Case:
    """A model and how it is exported. model: what `tests.small.small` is given."""

    architecture: str
    task: str
    kind: str
    options: tuple[tuple[str, Any], ...] = ()
    model: tuple[tuple[str, Any], ...] = ()

    @property
    def title(self) -> str:
        """The options in words, of the model and of its export."""
        return ", ".join(f"{name}={value}" for name, value in (*self.model, *self.options)) or "-"


@dataclass(frozen=True)
class Row:
    """How far an answer is from the library's: objects, pixels and scores, at worst."""

    case: Case
    engine: str
    count: int
    missing: int
    pixels: float
    score: float


def cases() -> Iterator[Case]:
    """Yield what is tried, the .pt first."""
    names = {"detect": "YOLOv8n", "segment": "YOLOv8n-seg", "classify": "YOLOv8n-cls"}
    for task, name in {**names, "semantic": "YOLO26n-sem"}.items():
        yield from (Case(name, task, kind) for kind in ("pt", "torchscript", "onnx", "openvino"))
    for kind in ("torchscript", "onnx", "openvino"):
        for option in (("batch", 4), ("nms", True), ("dynamic", True), ("quantize", 16)):
            if (kind, *option) != ("torchscript", "quantize", 16):  # of which CPUs make none
                yield Case("YOLOv8n", "detect", kind, (option,))
    yield from (
        Case("YOLOv8n", "detect", kind, model=(("channels", 1),))
        for kind in ("pt", "torchscript", "onnx", "openvino")
    )


def measure(case: Case, folder: Path, picture: NDArray[np.uint8]) -> Row:
    """Make a model, ask it and its library, and compare their answers."""
    from ultralytics import YOLO

    from tests.small import SIZE, small

    weights = small(folder / "best.pt", case.task, **dict(case.model))
    if case.kind != "pt":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer
            exported = YOLO(weights).export(format=case.kind, imgsz=SIZE, **dict(case.options))
        weights.unlink()
        weights = Path(exported)
    # ONNX Runtime is what the library takes for an .onnx.
    engine = "onnxruntime" if case.kind == "onnx" else "auto"
    settings = Settings(engine=engine, device="cpu")
    ours = families.load(ModelFolder.open(weights), Options(image_size=SIZE, top_k=5), settings)
    found = ours.predict(picture, _THRESHOLD if case.task != "classify" else 0)
    theirs = YOLO(weights, task=case.task).predict(
        picture, imgsz=SIZE, conf=_THRESHOLD, verbose=False
    )[0]
    return Row(case, " ".join(ours.versions), *_apart(found, theirs, picture.shape[:2]))


def _apart(ours: Detections, theirs: Any, shape: Sequence[int]) -> tuple[int, int, float, float]:
    """Return how many objects the library has, how many have no partner, and the worst of both."""
    if theirs.semantic_mask is not None:
        expected = theirs.semantic_mask.data.cpu().numpy()
        classes = np.full(shape, -1)
        for mask, index in zip(ours.masks or (), ours.classes, strict=True):
            classes[mask.within(shape[1], shape[0])] = index
        return len(np.unique(expected)), int((classes != expected).sum()), 0.0, 0.0
    if theirs.probs is not None:
        best = theirs.probs.numpy()
        known = [float(best.data[index]) for index in ours.classes]
        return len(known), 0, 0.0, float(np.abs(ours.scores - known).max())
    boxes = theirs.boxes.numpy()
    pixels = np.abs(ours.boxes[:, None] - boxes.xyxy).max(axis=2)
    scores = np.abs(ours.scores[:, None] - boxes.conf)
    cost = np.where(ours.classes[:, None] == boxes.cls, pixels + 100 * scores, _FAR)
    pairs = linear_sum_assignment(cost)
    alike = cost[pairs] < 2
    missing = len(boxes.conf) + len(ours) - 2 * int(alike.sum())
    return (
        len(boxes.conf),
        missing,
        float(pixels[pairs][alike].max()),
        float(scores[pairs][alike].max()),
    )


def main() -> None:
    """Measure every case and print a table of Markdown."""
    warnings.simplefilter("ignore")  # of torch about TorchScript
    prepare_environment()
    from ultralytics.utils import ASSETS

    picture = np.asarray(cv2.imread(str(ASSETS / "bus.jpg")), np.uint8)
    click.echo(", ".join(f"{name} {version(name)}" for name in _LIBRARIES))
    click.echo("")
    click.echo(
        "| architecture | task | format | options | runs on | objects | other | pixels | score |"
    )
    click.echo("|---|---|---|---|---|---|---|---|---|")
    for case in cases():
        with tempfile.TemporaryDirectory() as folder:
            row = measure(case, Path(folder), picture)
        click.echo(
            f"| {case.architecture} | {case.task} | {case.kind} | {case.title} | {row.engine} "
            f"| {row.count} | {row.missing} | {row.pixels:.3f} | {row.score:.5f} |"
        )


if __name__ == "__main__":
    main()
