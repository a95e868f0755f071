"""How a model is asked: the environment over model.yaml over the defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handler.pictures.tiles import Tiling
from handler.settings import Settings


@dataclass(frozen=True)
class Options:
    """The choices that detectors have. None is what the model's own library does.

    `class_thresholds` are the lowest scores of single classes, by name. `top_k` is for
    classification: how many classes a picture can have.
    """

    threshold: float = 0.25
    class_thresholds: Mapping[str, float] = field(default_factory=dict)
    iou: float | None = None
    max_detections: int | None = None
    agnostic_nms: bool = False
    top_k: int = 1
    image_size: int | None = None
    tile: Tiling | None = None
    background: tuple[str, ...] = ()
    separate_parts: bool = False

    @classmethod
    def merge(cls, settings: Settings, config: Mapping[str, Any]) -> "Options":
        """Return the environment's options over those of model.yaml over the defaults."""
        values = {}
        for option in fields(cls):
            from_environment = getattr(settings, option.name, None)
            if from_environment is not None:
                values[option.name] = from_environment
            elif option.name in config:
                values[option.name] = config[option.name]
        return cls(**(values | {"tile": _tiling(settings.tile, config.get("tile"))}))

    def limits(self, classes: Sequence[str], threshold: float | None) -> NDArray[np.float32]:
        """Return the lowest score to report of each class.

        That is the class's own threshold, or the model's; where a request names a threshold, no
        class is reported below it, nor below its own.
        """
        common = self.threshold if threshold is None else 0.0
        limits = [self.class_thresholds.get(name, common) for name in classes]
        return np.maximum(limits, threshold or 0.0, dtype=np.float32)


def _tiling(from_environment: Any, from_config: Any) -> Tiling | None:
    """Return how large pictures are cut: key by key the environment over model.yaml.

    Each is a table of keys, False for no tiles, or None where it says nothing.
    """
    chosen = from_config if from_environment is None else from_environment
    if chosen is None or chosen is False:
        return None
    return Tiling.of((from_config or {}) | chosen)
