"""A model folder: the weights, the class list and model.yaml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from handler.errors import SettingsError, WeightsError, nearest
from handler.labels import read_classes
from handler.settings import COUNT, FLAG, FRACTION, TEXT, Kind, read_as

WEIGHTS_SUFFIXES = (".pt",)

CONFIG_KEYS: dict[str, Kind] = {
    "name": TEXT,
    "title": TEXT,
    "description": TEXT,
    "family": TEXT,
    "weights": TEXT,
    "sha256": TEXT,
    "image_size": COUNT,
    "threshold": FRACTION,
    "iou": FRACTION,
    "max_detections": COUNT,
    "agnostic_nms": FLAG,
}


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
        return self.path / "classes.txt"

    @classmethod
    def open(cls, path: Path) -> "ModelFolder":
        """Read a model folder, or the folder of a weights file that is named itself.

        Raises:
            WeightsError: there is no such folder, or not exactly one file of weights to take.
            SettingsError: model.yaml is not a table of known keys.
        """
        if path.is_file():
            folder, chosen = path.parent, path.name
        else:
            folder, chosen = path, None
        if not folder.is_dir():
            raise WeightsError(
                f"The model folder {folder} does not exist",
                "Mount the folder with best.pt there, or name another with ANNOTATE_WEIGHTS.",
            )
        config = _read_config(folder / "model.yaml")
        classes_file = folder / "classes.txt"
        return cls(
            path=folder,
            weights=_find_weights(folder, chosen or config.get("weights")),
            classes=read_classes(classes_file) if classes_file.exists() else None,
            config=config,
        )


def _read_config(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        config = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not YAML: {error}") from None
    if not isinstance(config, dict):
        raise SettingsError(f"{path} is not a table of keys and values")
    for key in config:
        if key not in CONFIG_KEYS:
            raise SettingsError(f"{path}: unknown key {key!r}", nearest(str(key), CONFIG_KEYS))
    return {
        key: read_as(CONFIG_KEYS[key], value, f"{path}: {key}") for key, value in config.items()
    }


def _find_weights(folder: Path, chosen: str | None) -> Path:
    if chosen is not None:
        if not (folder / chosen).is_file():
            raise WeightsError(f"{folder / chosen} does not exist", _listing(folder))
        return folder / chosen
    found = sorted(file for file in folder.iterdir() if file.suffix in WEIGHTS_SUFFIXES)
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


def _listing(folder: Path) -> str:
    names = sorted(file.name for file in folder.iterdir())
    if not names:
        return "The folder is empty: mount the folder with best.pt there."
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"The folder holds: {shown}."
