"""The tasks that models are trained for, and which of them are served."""

from pathlib import Path

from handler.detection.labels import SHAPE_TYPES
from handler.errors import WeightsError

# What a network answers with that no shape of CVAT can hold.
_WITHOUT_SHAPE = {"depth": "depth"}


def check_task(task: str, weights: Path) -> None:
    """Refuse a task of which no objects come.

    Raises:
        WeightsError: it is not served; the message says why.
    """
    if task in _WITHOUT_SHAPE:
        raise WeightsError(
            f"{weights} answers with {_WITHOUT_SHAPE[task]}, which CVAT has no shape for"
        )
    if task not in SHAPE_TYPES:
        raise WeightsError(
            f"{weights} is trained for the task {task!r}", f"Served are: {', '.join(SHAPE_TYPES)}."
        )
