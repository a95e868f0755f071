"""A model folder without torch, made from a .pt, and checked against it before it is kept."""

import contextlib
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from handler.detection.agreement import differences
from handler.errors import SettingsError, WeightsError
from handler.models import families
from handler.models.engines.engine import precisions
from handler.models.export.conversion import convert, recognise_exportable
from handler.models.export.description import write_classes, write_config
from handler.models.export.pictures import Pictures
from handler.models.export.rewriting import halve
from handler.models.export.staging import KEPT, staged
from handler.models.folder.metadata import network_of
from handler.models.folder.model_folder import ModelFolder, digest
from handler.models.folder.options import Options
from handler.settings import Settings

_BELONG_TO_THE_ORIGINAL = ("weights", "sha256", "family", "task", "precision", "exported")


def export(settings: Settings, kind: str, pictures: Iterable[Path], out: Path) -> str:
    """Write the model folder `out` and return its precision: f32, or bf16 where that is the same.

    On every picture it has to find what the original finds; see `detection.agreement`.

    Raises:
        WeightsError: the weights cannot be exported, or what comes of it answers differently.
        SettingsError: `out` exists, or there is nothing on the pictures to compare.
    """
    folder = ModelFolder.open(settings.weights)
    recognise_exportable(folder)
    options = Options.merge(settings, folder.config)
    with staged(out) as staging:
        original = families.load(folder, options, replace(settings, engine="auto", device="cpu"))
        made = staging / KEPT
        made.mkdir()
        weights = convert(folder, kind, options, settings, made)
        write_classes(made, original.classes)
        expected = Pictures(tuple(pictures), settings.max_pixels)
        answers = [original.predict(picture, options.threshold) for _, picture in expected]
        if not any(len(answer) for answer in answers):
            raise SettingsError(
                f"The original finds nothing on {len(answers)} pictures at threshold "
                f"{options.threshold:g}, so there is nothing to compare",
                "Name pictures of your own with --images.",
            )
        precision, exported = _verified(made, options, settings, expected, answers)
        if kind == "openvino":
            verified = replace(settings, precision=precision)
            _halve(made, options, verified, expected, answers)
        _write_config(folder, made, weights.name, precision, original, exported)
    return precision


def _verified(
    made: Path,
    options: Options,
    settings: Settings,
    pictures: Pictures,
    answers: list[Any],
) -> tuple[str, families.Model]:
    """Return the fastest precision at which all answers are the same, and the model that has it."""
    tried = precisions() if settings.precision == "auto" else (settings.precision,)
    folder = ModelFolder.open(made)
    for precision in tried:
        asked = replace(settings, engine="auto", precision=precision)
        model = families.load(folder, options, asked)
        found = [model.predict(picture, options.threshold) for _, picture in pictures]
        different = [
            f"{path.name}: {what}"
            for (path, _), ours, theirs in zip(pictures, found, answers, strict=True)
            for what in differences(theirs, ours)
        ]
        if not different:
            return precision, model
    raise WeightsError(
        f"The exported model answers differently, {len(different)} times: "
        f"{'; '.join(different[:3])}",
        "Nothing was written. Serve the .pt itself.",
    )


def _halve(
    made: Path,
    options: Options,
    settings: Settings,
    pictures: Pictures,
    answers: list[Any],
) -> None:
    """Keep the constants of the network in `made` in half precision, if it answers the same."""
    halved = shutil.copytree(made, made.with_name("halved"))
    halve(network_of(ModelFolder.open(halved).weights))
    with contextlib.suppress(WeightsError):
        _verified(halved, options, settings, pictures, answers)
        shutil.rmtree(made)
        halved.rename(made)


def _write_config(
    folder: ModelFolder,
    made: Path,
    weights: str,
    precision: str,
    original: families.Model,
    exported: families.Model,
) -> None:
    """Write model.yaml: the original's, and where this comes from."""
    added = {
        "weights": weights,
        "precision": precision,
        "exported": {
            "from": folder.weights.name,
            "sha256": digest(folder.weights),
            "versions": {**original.versions, **exported.versions},
        },
    }
    write_config(folder, made, _BELONG_TO_THE_ORIGINAL, added)
