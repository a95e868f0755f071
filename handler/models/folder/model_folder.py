"""A model folder: the weights, the class list and model.yaml."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler.detection.labels import read_classes
from handler.errors import WeightsError
from handler.models.folder.access import readable
from handler.models.folder.config import read_config
from handler.models.folder.finding import find_weights, is_network
from handler.models.folder.metadata import network_of


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
        with readable(path):
            return cls._open(path)

    @classmethod
    def _open(cls, path: Path) -> "ModelFolder":
        if path.suffix == ".xml" and is_network(path.parent):
            path = path.parent
        if path.is_file() or path.name.endswith("_openvino_model"):
            folder, chosen = path.parent, path.name
        else:
            folder, chosen = path, None
        if not folder.is_dir():
            raise WeightsError(
                f"The model folder {folder} does not exist",
                "Mount the folder with best.pt there, or name another with ANNOTATE_WEIGHTS.",
            )
        config = read_config(folder / "model.yaml")
        chosen = chosen or config.get("weights") or _code(config)
        classes_file = folder / "classes.txt"
        is_itself = chosen is None and is_network(folder)
        return cls(
            path=folder,
            weights=folder if is_itself else find_weights(folder, chosen),
            classes=read_classes(classes_file) if classes_file.exists() else None,
            config=config,
        )


def _code(config: dict[str, Any]) -> str | None:
    """Return the file of a plugin, whose class knows which weights it needs, if any."""
    module, colon, _ = config.get("plugin", "").partition(":")
    return f"{module}.py" if colon else None


def digest(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal; of an OpenVINO folder that of its .bin."""
    if path.is_dir():
        path = network_of(path).with_suffix(".bin")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
