"""The models as a function of cvat-sdk: `cvat-cli task auto-annotate`, and CVAT's agents.

cvat-cli imports this module and calls `create` with what `-p` gives it:

    cvat-cli task auto-annotate 7 --function-module handler.cvat.sdk -p weights=str:models/cars

The protocol is that of `cvat_sdk.auto_annotation`, cvat-sdk 2.60 to 2.80.
"""

from dataclasses import replace
from pathlib import Path

from handler.cvat.sdk.function import Function
from handler.settings import Settings, one_of, read_as

__all__ = ["create"]

_TYPES = one_of("named", "any")


def create(weights: str = "", types: str = "named") -> Function:
    """Load a model for cvat-sdk's driver.

    weights: the model folder, else ANNOTATE_WEIGHTS; the other settings are the environment's.
    types: `named` tells CVAT the type of each label's shapes, so that a task with labels of other
        types is refused before the first picture; `any` tells it of skeletons only.

    Raises:
        AnnotateError: the weights or the settings cannot be used.
    """
    from handler.service import Service

    chosen = read_as(_TYPES, types, "types")
    settings = Settings.from_environment()
    if weights:
        settings = replace(settings, weights=Path(weights))
    return Function(Service.load(settings), typed=chosen == "named")
