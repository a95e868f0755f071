"""All figures of some models on this machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handler.bench import measure
from handler.bench.measure import Tick
from handler.bench.replies import differences_of
from handler.bench.spread import Spread
from handler.bench.stages import stages_of
from handler.bench.worker import Answer, Contender

FRAMES_BEFORE_MEMORY = 20
_BURSTS = 3


@dataclass(frozen=True)
class Extent:
    """How much is measured: answers and starts of each model, and processes that work at once."""

    frames: int
    starts: int
    workers: int

    def steps(self, models: int) -> int:
        """Return how often `figures_of` reports progress."""
        return self.frames + models * (self.starts + 2 * _BURSTS)


@dataclass(frozen=True)
class Figures:
    """One model's figures.

    milliseconds: of one answer. stages: its milliseconds by stage. start: seconds from the start of
    a process to its first answer. resident, peak: megabytes of a process. frames_per_second: by how
    many ask at once.
    """

    milliseconds: Spread
    stages: dict[str, float]
    start: Spread
    resident: float
    peak: float
    frames_per_second: dict[int, float]


def figures_of(
    contenders: Mapping[str, Contender], bodies: Sequence[bytes], extent: Extent, tick: Tick
) -> tuple[dict[str, Figures], dict[str, list[Answer]]]:
    """Return each model's figures, and its answers, of which the first belong to `bodies`.

    Raises:
        ModelError: a model does not start.
        RequestError: a picture cannot be answered.
    """
    answers = measure.answers(contenders, bodies, extent.frames, tick)
    starts: dict[str, list[measure.Start]] = {name: [] for name in contenders}
    for _ in range(extent.starts):
        for name, contender in contenders.items():
            starts[name].append(measure.start(contender, bodies, FRAMES_BEFORE_MEMORY))
            tick()
    figures = {}
    for name, contender in contenders.items():
        rates: dict[int, float] = {}
        with measure.pool(contender, extent.workers, bodies) as burst:
            for clients in (1, extent.workers):
                bursts = []
                for _ in range(_BURSTS):
                    bursts.append(burst(clients, max(2 * clients, extent.frames // 4)))
                    tick()
                rates[clients] = Spread.of(each.frames_per_second for each in bursts).median
        figures[name] = Figures(
            milliseconds=Spread.of(1000 * answer.seconds for answer in answers[name]),
            stages=stages_of(answers[name]),
            start=Spread.of(each.seconds for each in starts[name]),
            resident=Spread.of(each.memory.resident / 1e6 for each in starts[name]).median,
            peak=Spread.of(each.memory.peak / 1e6 for each in starts[name]).median,
            frames_per_second=rates,
        )
    return figures, answers


def disagreements(
    expected: Sequence[Answer], found: Sequence[Answer], names: Sequence[str]
) -> list[str]:
    """Return what differs between the answers of two models, with the name of the picture."""
    return [
        f"{name}: {what}"
        for name, one, other in zip(names, expected, found, strict=False)
        for what in differences_of(one.shapes, other.shapes)
    ]
