"""A model folder without torch, made from a .pt, and checked against it before it is kept."""

import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from handler import images
from handler.errors import SettingsError, WeightsError
from handler.models import families
from handler.models.checkpoint import Checkpoint
from handler.models.engines import precisions
from handler.models.folder import ModelFolder
from handler.models.options import Options
from handler.parity.agreement import differences
from handler.settings import Settings

_BELONG_TO_THE_ORIGINAL = ("weights", "sha256", "family", "task", "precision", "exported")


def is_exportable(family: str, checkpoint: Checkpoint) -> bool:
    """Tell whether `export` takes such weights."""
    return (family, checkpoint.kind) == ("ultralytics", "pickle")


def export(settings: Settings, kind: str, pictures: Iterable[Path], out: Path) -> str:
    """Write the model folder `out` and return its precision: f32, or bf16 where that is the same.

    On every picture it has to find what the original finds; see `parity.agreement`.

    Raises:
        WeightsError: the weights cannot be exported, or what comes of it answers differently.
        SettingsError: `out` exists, or there is nothing on the pictures to compare.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already", "Name a folder that does not, with --out.")
    folder = ModelFolder.open(settings.weights)
    family, checkpoint = families.recognise(folder)
    if not is_exportable(family, checkpoint):
        raise WeightsError(
            f"{folder.weights} is of the family {family}, which is not exported",
            "Exported are .pt files of ultralytics.",
        )
    options = Options.merge(settings, folder.config)
    original = families.load(folder, options, replace(settings, engine="auto", device="cpu"))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as staging:
        made = Path(staging, "model")
        made.mkdir()
        weights = convert(folder, checkpoint, kind, options, settings, made)
        (made / "classes.txt").write_text("".join(f"{name}\n" for name in original.classes))
        expected = [
            (path, images.decode(path.read_bytes(), settings.max_pixels)) for path in pictures
        ]
        answers = [original.predict(picture, options.threshold) for _, picture in expected]
        if not any(len(answer) for answer in answers):
            raise SettingsError(
                f"The original finds nothing on {len(answers)} pictures at threshold "
                f"{options.threshold:g}, so there is nothing to compare",
                "Name pictures of your own with --images.",
            )
        precision, exported = _verified(made, options, settings, expected, answers)
        _write_config(folder, made, weights.name, precision, original, exported)
        made.rename(out)
    return precision


def convert(
    folder: ModelFolder,
    checkpoint: Checkpoint,
    kind: str,
    options: Options,
    settings: Settings,
    out: Path,
) -> Path:
    """Have ultralytics export the weights into `out`, for pictures of any shape."""
    from handler.models.ultralytics_file import neutral_name, open_model

    size = {} if options.image_size is None else {"imgsz": options.image_size}
    with neutral_name(folder.weights, checkpoint.kind) as path, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about shapes that are the same always
        model = open_model(path, folder.weights, checkpoint, settings.trust_weights)
        try:
            made = Path(model.export(format=kind, dynamic=True, **size))
        except Exception as error:
            raise WeightsError(
                f"{folder.weights} cannot be exported to {kind}: {error}",
                "Serve the .pt itself.",
            ) from error
        return Path(shutil.move(made, out / made.name))


def _verified(
    made: Path,
    options: Options,
    settings: Settings,
    pictures: list[tuple[Path, images.Picture]],
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


def _write_config(
    folder: ModelFolder,
    made: Path,
    weights: str,
    precision: str,
    original: families.Model,
    exported: families.Model,
) -> None:
    """Write model.yaml: the original's, and where this comes from."""
    source = folder.path / "model.yaml"
    config = yaml.safe_load(source.read_text("utf-8")) or {} if source.exists() else {}
    config = {key: value for key, value in config.items() if key not in _BELONG_TO_THE_ORIGINAL}
    config |= {
        "weights": weights,
        "precision": precision,
        "exported": {
            "from": folder.weights.name,
            "sha256": hashlib.sha256(folder.weights.read_bytes()).hexdigest(),
            "versions": {**original.versions, **exported.versions},
        },
    }
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    (made / "model.yaml").write_text(text, "utf-8")
