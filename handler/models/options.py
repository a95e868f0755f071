"""How a model is asked: the environment over model.yaml over the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from handler.settings import Settings


@dataclass(frozen=True)
class Options:
    """The choices that all detectors have. The defaults are those of Ultralytics' predict.

    `image_size` None means the size that the weights were trained at.
    """

    threshold: float = 0.25
    iou: float = 0.7
    max_detections: int = 300
    agnostic_nms: bool = False
    image_size: int | None = None

    @classmethod
    def merge(cls, settings: Settings, config: Mapping[str, Any]) -> "Options":
        values = {}
        for option in fields(cls):
            from_environment = getattr(settings, option.name, None)
            if from_environment is not None:
                values[option.name] = from_environment
            elif option.name in config:
                values[option.name] = config[option.name]
        return cls(**values)
