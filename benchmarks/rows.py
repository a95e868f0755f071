"""One line of the benchmark: the naive handler's figure, ours, and whether the goal is met."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from handler.bench.spread import Spread

RATE = "frames/s"  # the one unit of which more is better

# How many times better than the naive handler; design section 7.
FLOAT, INT8, START, MEMORY = 3.0, 4.5, 5.0, 3.0


@dataclass(frozen=True)
class Row:
    """What was measured in which precision of ours, in `unit`.

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

    @property
    def ratio(self) -> float:
        """How many times better ours is."""
        naive, ours = self.naive.median, self.ours.median
        return ours / naive if self.unit == RATE else naive / ours

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.ratio >= self.goal

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "met": self.met}
