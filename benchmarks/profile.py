"""Where the time of one frame goes, and how much of it the network itself takes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from handler.bench.spread import Spread
from handler.bench.stages import FORWARD, inside, stages_of
from handler.bench.worker import Answer

WHOLE = 1.25  # of the forward pass; design section 7


@dataclass(frozen=True)
class Profile:
    """Milliseconds of the stages of one frame; whole: of the service, from body to body."""

    size: str
    precision: str
    stages: Mapping[str, float]
    whole: Spread
    forward: Spread
    goal: float | None = None

    @classmethod
    def of(
        cls, size: str, precision: str, answers: Sequence[Answer], goal: float | None
    ) -> "Profile":
        whole = Spread.of(1000 * inside(answer) for answer in answers)
        forward = Spread.of(1000 * answer.parts[FORWARD] for answer in answers)
        return cls(size, precision, stages_of(answers), whole, forward, goal)

    @property
    def ratio(self) -> float:
        """How many times its own forward pass the whole answer takes."""
        return self.whole.median / self.forward.median

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.ratio <= self.goal

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "met": self.met}
