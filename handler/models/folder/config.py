"""model.yaml: what a model folder says of its model, every key optional."""

from pathlib import Path
from typing import Any

import yaml

from handler.detection.labels import SHAPE_TYPES
from handler.errors import SettingsError, nearest
from handler.settings import COUNT, FLAG, FRACTION, TEXT, TILE, Kind, one_of, read_as


def _by_class(kind: Kind) -> Kind:
    def read(value: Any) -> dict[str, Any]:
        # YAML reads the class names of digits as numbers.
        return {str(name): kind.read(each) for name, each in dict(value).items()}

    return Kind(read, f"a table from class names to {kind.expects}")


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(str(name) for name in value)


def _edges(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(start), str(end)) for start, end in value)


_SHAPE_TYPE = one_of(*sorted({name for names in SHAPE_TYPES.values() for name in names}))

CONFIG_KEYS: dict[str, Kind] = {
    "name": TEXT,
    "title": TEXT,
    "description": TEXT,
    "family": TEXT,
    "architecture": TEXT,
    "layout": one_of("yolox", "rfdetr", "dfine", "rtdetr", "rtdetrv2"),
    "plugin": TEXT,
    "task": one_of(*SHAPE_TYPES),
    "weights": TEXT,
    "precision": one_of("f32", "bf16", "int8", "int8-bf16"),
    "exported": Kind(dict, "a table that `auto-annotate export` writes"),
    "sha256": TEXT,
    "image_size": COUNT,
    "threshold": FRACTION,
    "class_thresholds": _by_class(FRACTION),
    "iou": FRACTION,
    "max_detections": COUNT,
    "agnostic_nms": FLAG,
    "top_k": COUNT,
    "tile": TILE,
    "background": Kind(_names, "a list of names"),
    "separate_parts": FLAG,
    "label_types": _by_class(_SHAPE_TYPE),
    "score_attribute": TEXT,
    "keypoints": Kind(_names, "a list of names"),
    "skeleton": Kind(_edges, "a list of pairs of keypoints"),
}


def read_config(path: Path) -> dict[str, Any]:
    """Return the keys of a model.yaml, checked; nothing where there is no such file.

    Raises:
        SettingsError: it is not YAML, a key is unknown, or a value not of its kind.
    """
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
