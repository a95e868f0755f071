"""One line of the benchmark: the figures of the naive handler, of the best, and ours."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from handler.bench.spread import Spread

RATE = "frames/s"  # the one unit of which more is better

# How many times better than the naive handler; design section 7.
FLOAT, INT8, START, MEMORY = 3.0, 4.5, 5.0, 3.0

# How many times better than the best: frames of videos, a network that ultralytics exported.
FRAME, BROUGHT = 2.0, 1.2


@dataclass(frozen=True)
class Row:
    """What was measured in which precision of ours, in `unit`.

    best: None where there is no such handler for the model. goal, goal_best: of the ratios to both.
    differences: between our answers and the naive handler's, in words; None where not compared.
    """

    group: str
    what: str
    precision: str
    unit: str
    naive: Spread
    ours: Spread
    goal: float | None = None
    differences: Sequence[str] | None = None
    best: Spread | None = None
    goal_best: float | None = None

    @property
    def ratio(self) -> float:
        """How many times better ours is than the naive handler."""
        return self._times_better_than(self.naive)

    @property
    def ratio_best(self) -> float | None:
        """How many times better ours is than the best."""
        return None if self.best is None else self._times_better_than(self.best)

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.ratio >= self.goal

    @property
    def met_best(self) -> bool | None:
        if self.goal_best is None or self.ratio_best is None:
            return None
        return self.ratio_best >= self.goal_best

    def _times_better_than(self, other: Spread) -> float:
        theirs, ours = other.median, self.ours.median
        return ours / theirs if self.unit == RATE else theirs / ours

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {
            "ratio": self.ratio,
            "met": self.met,
            "ratio_best": self.ratio_best,
            "met_best": self.met_best,
        }
