"""How long large pictures take by tiles, beside how long CVAT waits for one."""

import math
import time
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from handler.models.tiled import Tiled
from handler.nuclio.rules.runtime import CVAT_TIMEOUT_SECONDS
from handler.pictures.decoding import decode
from handler.pictures.tiles import count
from handler.pictures.trial import trial_picture

_RUNS = 3
_USUAL = (4000, 3000)  # of a camera


@dataclass(frozen=True)
class TileTimes:
    """What a tile takes on this machine: the fastest of a few.

    size: its height and width. whole: the whole picture is looked at, too. most: pixels that a
    picture can have.
    """

    size: tuple[int, int]
    overlap: float
    whole: bool
    seconds: float
    most: int

    @classmethod
    def measure(cls, model: Tiled, most: int) -> Self:
        """Ask a model for one tile, a few times."""
        tiling = model.tiling
        height, width = tiling.size or (0, 0)
        trial = np.asarray(cv2.resize(decode(trial_picture(), most), (width, height)), np.uint8)
        taken = []
        for _ in range(_RUNS):
            start = time.perf_counter()
            model.predict(trial, 1)
            taken.append(time.perf_counter() - start)
        return cls((height, width), tiling.overlap, tiling.whole, min(taken), most)

    def tiles(self, width: int, height: int) -> int:
        """Return how many a picture has, and the whole picture where it is looked at."""
        return count(width, height, self.size, self.overlap) + self.whole

    def in_words(self) -> str:
        """Say what a picture as of a camera takes."""
        width, height = _USUAL
        number = self.tiles(width, height)
        return (
            f"by tiles of {self.size[1]}x{self.size[0]} a picture of {width}x{height} is "
            f"{number} looks of {1000 * self.seconds:.0f} ms, about {number * self.seconds:.1f} s"
        )

    def too_slow(self) -> str | None:
        """Say which pictures that are let in take longer than CVAT waits, if any do."""
        side = math.isqrt(self.most)
        taken = self.tiles(side, side) * self.seconds
        if taken <= CVAT_TIMEOUT_SECONDS:
            return None
        in_time = side
        while in_time > 1 and self.tiles(in_time, in_time) * self.seconds > CVAT_TIMEOUT_SECONDS:
            in_time = in_time * 19 // 20
        return (
            f"A picture of {side}x{side}, the largest that is let in, takes about {taken:.0f} s by "
            f"tiles, and CVAT waits {CVAT_TIMEOUT_SECONDS} s; in time are those up to about "
            f"{in_time}x{in_time}"
        )
