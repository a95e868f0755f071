"""What a model found on one picture, in no one's format."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects on one picture, best first, in its own pixels.

    boxes: (n, 4) float32, x1 y1 x2 y2 in pixels of the picture.
    scores: (n,) float32, 0 to 1.
    classes: (n,) int, indices into the model's class list.

    Raises:
        ValueError: the lengths differ, or a number is NaN or infinite.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.boxes.shape != (count, 4) or self.classes.shape != (count,):
            raise ValueError(
                f"boxes {self.boxes.shape}, scores {self.scores.shape} and "
                f"classes {self.classes.shape} do not describe the same objects"
            )
        if not (np.isfinite(self.boxes).all() and np.isfinite(self.scores).all()):
            raise ValueError("the model answered with NaN or infinite numbers")

    def __len__(self) -> int:
        return len(self.scores)
