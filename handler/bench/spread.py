"""The middle of what was measured several times, and how far it spreads."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Quartiles and high percentiles of `count` values, all in the unit of the values."""

    count: int
    low: float
    median: float
    high: float
    p90: float
    p99: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Return the spread of numbers.

        Raises:
            ValueError: there are none.
        """
        numbers = list(values)
        if not numbers:
            raise ValueError("nothing was measured")
        return cls(len(numbers), *np.percentile(numbers, (25, 50, 75, 90, 99)).tolist())
