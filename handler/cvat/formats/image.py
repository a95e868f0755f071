"""What every format tells of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AnnotatedImage:
    """A picture and CVAT's shapes on it. name: as the task has it, its file's. In pixels."""

    name: str
    width: int
    height: int
    shapes: Sequence[dict[str, Any]]
