"""A model folder: the weights, the class list and model.yaml."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler.detection.labels import read_classes
from handler.errors import WeightsError
from handler.models.folder.config import read_config
from handler.models.folder.metadata import network_of

WEIGHTS_SUFFIXES = (".pt", ".pth", ".torchscript", ".onnx", "_openvino_model/")


@dataclass(frozen=True)
class ModelFolder:
    """What a model folder holds.

    `classes` is None without a classes.txt; `config` has the keys of model.yaml, checked.
    """

    path: Path
    weights: Path
    classes: tuple[str, ...] | None
    config: dict[str, Any]

    @property
    def classes_file(self) -> Path:
        """The path of classes.txt, whether there is one or not."""
        return self.path / "classes.txt"

    @classmethod
    def open(cls, path: Path) -> "ModelFolder":
        """Read a model folder, or the one around weights that are named themselves.

        Raises:
            WeightsError: there is no such folder, or not exactly one file of weights to take.
            SettingsError: model.yaml is not a table of known keys.
        """
        if path.is_file() or is_weights(path):
            folder, chosen = path.parent, path.name
        else:
            folder, chosen = path, None
        if not folder.is_dir():
            raise WeightsError(
                f"The model folder {folder} does not exist",
                "Mount the folder with best.pt there, or name another with ANNOTATE_WEIGHTS.",
            )
        config = read_config(folder / "model.yaml")
        classes_file = folder / "classes.txt"
        return cls(
            path=folder,
            weights=_find_weights(folder, chosen or config.get("weights") or _code(config)),
            classes=read_classes(classes_file) if classes_file.exists() else None,
            config=config,
        )


def _code(config: dict[str, Any]) -> str | None:
    """Return the file of a plugin, whose class knows which weights it needs, if any."""
    module, colon, _ = config.get("plugin", "").partition(":")
    return f"{module}.py" if colon else None


def _find_weights(folder: Path, chosen: str | None) -> Path:
    if chosen is not None:
        if not (folder / chosen).exists():
            raise WeightsError(f"{folder / chosen} does not exist", _listing(folder))
        return folder / chosen
    found = sorted(path for path in folder.iterdir() if is_weights(path))
    if not found:
        raise WeightsError(
            f"No weights ({', '.join(WEIGHTS_SUFFIXES)}) in {folder}", _listing(folder)
        )
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise WeightsError(
            f"{folder} holds several weights: {names}",
            "Say which with a line `weights: NAME` in its model.yaml.",
        )
    return found[0]


def is_weights(path: Path) -> bool:
    """Return whether a file's, or a folder's, name is one of weights."""
    return f"{path.name}{'/' * path.is_dir()}".endswith(WEIGHTS_SUFFIXES)


def _listing(folder: Path) -> str:
    names = sorted(file.name for file in folder.iterdir())
    if not names:
        return "The folder is empty: mount the folder with best.pt there."
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"The folder holds: {shown}."


def digest(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal; of an OpenVINO folder that of its .bin."""
    if path.is_dir():
        path = network_of(path).with_suffix(".bin")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
