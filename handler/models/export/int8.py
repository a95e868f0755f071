"""A model folder in eight bits, quantised on the user's pictures; kept if it loses little."""

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from handler.errors import SettingsError, WeightsError
from handler.models.engines.engine import precisions
from handler.models.export.accuracy import LOWEST_SCORE, accuracy
from handler.models.export.description import write_classes, write_config
from handler.models.export.export import export
from handler.models.export.ground_truth import has_labels, objects_on
from handler.models.export.pictures import Pictures
from handler.models.export.quantisation import Recipe, quantise
from handler.models.export.staging import KEPT, staged
from handler.models.exportable import is_exportable
from handler.models.exported.model import Exported
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.metadata import network_of
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.settings import Settings

ENOUGH = 300  # pictures to quantise on; more change next to nothing
RECIPES = (Recipe("performance", 1), Recipe("mixed", 1), Recipe("mixed", 3))  # the fastest first


@dataclass(frozen=True)
class Int8:
    """What was measured.

    measure: mAP50-95, or of a classifier top-1 accuracy. points: of 100 that the network in eight
    bits has. loss: how many it had more before. by: what its answers were compared with.
    pictures: how many it was quantised on.
    """

    measure: str
    points: float
    loss: float
    by: str
    pictures: int


def export_int8(settings: Settings, paths: Sequence[Path], out: Path, accepted: float) -> Int8:
    """Write the model folder `out` from a .pt, or from an OpenVINO folder.

    accepted: how many points it may lose.

    Raises:
        WeightsError: it loses more, or the weights cannot be exported.
        SettingsError: `out` exists, the labels do not fit the model, or the pictures show nothing.
    """
    pictures = Pictures(paths, settings.max_pixels)
    with staged(out) as staging:
        source = _exported(settings, paths, staging / "f32")
        options = Options.merge(settings, source.config)
        model = _load(source, options, settings, "f32")
        if model.task == "semantic":
            raise SettingsError(
                "What a model for semantic loses in eight bits cannot be measured here",
                "Export it without --int8.",
            )
        exam = _Exam(model, pictures, options.threshold)
        tried = []
        for number, recipe in enumerate(RECIPES):
            made = _copy(source, model.classes, staging / f"int8-{number}")
            quantise(
                network_of(made.weights),
                pictures.spread(ENOUGH),
                model.numbers_of,
                recipe,
                transformer=model.is_transformer,
            )
            for precision in precisions():
                measured = exam.grade(_load(made, options, settings, precision))
                if measured.loss <= accepted:
                    _write_config(source, made, precision, measured)
                    made.path.rename(staging / KEPT)
                    return measured
                tried.append(measured)
        best = min(tried, key=lambda each: each.loss)
        raise WeightsError(
            f"In eight bits the model loses {best.loss:.2f} points of {best.measure} by {best.by}, "
            f"more than {accepted:g}: it has {best.points:.2f}",
            f"Nothing was written. Name more pictures ({ENOUGH} are enough) of the kind that it "
            f"will see, with their labels, or say --accept-loss {math.ceil(best.loss * 10) / 10}.",
        )


def _exported(settings: Settings, paths: Sequence[Path], out: Path) -> ModelFolder:
    """Return the folder to quantise: what `settings` name, or its export to `out`."""
    folder = ModelFolder.open(settings.weights)
    family, checkpoint = recognise(folder)
    if is_exportable(family, checkpoint):
        export(replace(settings, precision="f32"), "openvino", paths, out)
        return ModelFolder.open(out)
    if checkpoint.kind == "openvino" and not folder.config.get("precision", "").startswith("int8"):
        return folder
    raise WeightsError(
        f"{folder.weights} is not quantised",
        "Quantised are .pt files that `export` takes, and OpenVINO folders that are not yet.",
    )


def _load(folder: ModelFolder, options: Options, settings: Settings, precision: str) -> Exported:
    asked = replace(settings, engine="openvino", precision=precision)
    return Exported.load(folder, Checkpoint.inspect(folder.weights), options, asked)


def _copy(source: ModelFolder, classes: Sequence[str], to: Path) -> ModelFolder:
    """Return a new model folder, with the weights of another and its classes."""
    shutil.copytree(source.weights, to / source.weights.name)
    write_classes(to, classes)
    return ModelFolder.open(to)


class _Exam:
    """Pictures, what is on each, and how well the network did before."""

    def __init__(self, model: Exported, pictures: Pictures, threshold: float) -> None:
        self._pictures = pictures
        self._task = model.task
        self._measure = "top-1 accuracy" if model.task == "classify" else "mAP50-95"
        if has_labels(pictures.paths, model):
            self._by = "the labels of the pictures"
            self._truths = [objects_on(path, picture, model) for path, picture in pictures]
        else:
            self._by = "the answers in f32"
            least = LOWEST_SCORE if model.task == "classify" else threshold
            self._truths = [model.predict(picture, least) for _, picture in pictures]
        if not any(map(len, self._truths)):
            raise SettingsError(
                f"There is nothing on {len(pictures)} pictures, by {self._by}",
                "Name pictures of your own with --images.",
            )
        self._before = self._points(model)

    def grade(self, model: Exported) -> Int8:
        points = self._points(model)
        count = min(len(self._pictures), ENOUGH)
        loss = round(self._before - points, 2)
        return Int8(self._measure, round(points, 2), loss, self._by, count)

    def _points(self, model: Exported) -> float:
        answers = (model.predict(picture, LOWEST_SCORE) for _, picture in self._pictures)
        return accuracy(self._task, self._truths, answers)


def _write_config(source: ModelFolder, made: ModelFolder, precision: str, measured: Int8) -> None:
    """Write model.yaml: the source's, with what is in eight bits and what was measured."""
    added = {
        "weights": made.weights.name,
        "precision": "int8" if precision == "f32" else f"int8-{precision}",
        "exported": {**source.config.get("exported", {}), "int8": asdict(measured)},
    }
    write_config(source, made.path, ("sha256",), added)
