"""Where the time of one frame goes."""

import time
from contextvars import ContextVar


class Timings:
    """Seconds spent in each stage of one frame, and in each part of its stage `predict`.

    The latest of a thread is what `part` books to: models know nothing of who times them.
    """

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.parts: dict[str, float] = {}
        self._last = self._last_part = time.perf_counter()
        _current.set(self)

    def mark(self, stage: str) -> None:
        """Book the time since the last mark to `stage`."""
        now = time.perf_counter()
        self.stages[stage] = now - self._last
        self._last = self._last_part = now

    def mark_part(self, part: str) -> None:
        """Book the time since the last mark, or part, to `part`, which can come more than once."""
        now = time.perf_counter()
        self.parts[part] = self.parts.get(part, 0.0) + now - self._last_part
        self._last_part = now

    @property
    def total(self) -> float:
        """The seconds of all stages together."""
        return sum(self.stages.values())

    def milliseconds(self) -> dict[str, float]:
        """Return the milliseconds of each stage, of each part of `predict`, and of the frame."""
        parts = {f"predict.{part}": seconds for part, seconds in self.parts.items()}
        named = {**self.stages, **parts, "total": self.total}
        return {name: round(seconds * 1000, 1) for name, seconds in named.items()}

    def __str__(self) -> str:
        return " ".join(f"{name}={each:.1f}ms" for name, each in self.milliseconds().items())


_current: ContextVar[Timings | None] = ContextVar("timings", default=None)


def part(name: str) -> None:
    """Book the time since the last part of a prediction to `name`, if somebody times the frame."""
    timings = _current.get()
    if timings is not None:
        timings.mark_part(name)
