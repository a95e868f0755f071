"""What is measured. In every section the naive handler and ours take turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from benchmarks.contest import NAIVE, Contest
from benchmarks.one_core import one_core
from benchmarks.rows import FLOAT, INT8, MEMORY, RATE, START, Row
from handler.bench import measure
from handler.bench.measure import Start, Tick
from handler.bench.replies import differences_of
from handler.bench.spread import Spread
from handler.bench.worker import Answer, Contender

WORKERS = 2
CLIENTS = (1, 4)

_OF_A_START: tuple[tuple[str, str, float | None, Callable[[Start], float]], ...] = (
    ("start to first answer", "s", START, lambda start: start.seconds),
    ("resident memory", "MB", MEMORY, lambda start: start.memory.resident / 1e6),
    ("resident memory, its share", "MB", None, lambda start: start.memory.share / 1e6),
    ("most memory", "MB", None, lambda start: start.memory.peak / 1e6),
)


def speed(contest: Contest, size: str, tick: Tick) -> tuple[list[Row], list[Answer]]:
    """Return one frame after the other at one size, and our answers in the export's precision."""
    name, bodies = contest.subject.name, contest.bodies[size]
    contenders = {NAIVE: contest.naive, **contest.ours}
    answers = measure.answers(contenders, bodies, contest.extent.rounds, tick)
    goals = {contest.exported: FLOAT, "int8": INT8} if contest.subject.thorough else {}
    rows = [
        _row("one frame", f"{name} {size}", precision, answers, len(bodies), goals.get(precision))
        for precision in contest.ours
    ]
    return rows, answers[contest.exported]


def on_one_core(contest: Contest, size: str, tick: Tick) -> Iterator[Row]:
    """Yield one frame after the other under a CPU limit of one core."""
    bodies, ours = contest.bodies[size], contest.ours[contest.exported]
    with one_core() as (prefix, how):
        contenders = {
            NAIVE: replace(contest.naive, prefix=prefix),
            contest.exported: replace(ours, prefix=prefix),
        }
        answers = measure.answers(contenders, bodies, contest.extent.rounds // 2, tick)
    what = f"{contest.subject.name} {size}"
    yield _row(f"limit of one core ({how})", what, contest.exported, answers, len(bodies))


def starts(contest: Contest, tick: Tick) -> Iterator[Row]:
    """Yield the time to the first answer, and the memory after some frames of all sizes."""
    bodies = [bodies[0] for bodies in contest.bodies.values()]
    taken: tuple[list[Start], list[Start]] = ([], [])
    for _ in range(contest.extent.starts):
        for contender, each in zip(_two(contest), taken, strict=True):
            each.append(measure.start(contender, bodies, contest.extent.frames_of_start))
        tick()
    name = contest.subject.name
    for what, unit, goal, figure in _OF_A_START:
        naive, ours = (Spread.of(map(figure, each)) for each in taken)
        yield Row("a process", f"{name}: {what}", contest.exported, unit, naive, ours, goal)


def concurrency(contest: Contest, size: str, tick: Tick) -> Iterator[Row]:
    """Yield the frames in a second with two workers, when one client asks and when four do."""
    bodies, extent = contest.bodies[size], contest.extent
    naive, ours = (measure.pool(each, WORKERS, bodies) for each in _two(contest))
    with naive as naive_burst, ours as our_burst:
        for clients in CLIENTS:
            rates: tuple[list[float], list[float]] = ([], [])
            for _ in range(extent.bursts):
                for burst, each in zip((naive_burst, our_burst), rates, strict=True):
                    each.append(burst(clients, extent.frames_of_burst).frames_per_second)
                tick()
            what = f"{contest.subject.name} {size}, {clients} at once ask"
            theirs, own = map(Spread.of, rates)
            yield Row(f"{WORKERS} workers", what, contest.exported, RATE, theirs, own)


def _two(contest: Contest) -> tuple[Contender, Contender]:
    return contest.naive, contest.ours[contest.exported]


def _row(
    group: str,
    what: str,
    precision: str,
    answers: Mapping[str, Sequence[Answer]],
    pictures: int,
    goal: float | None = None,
) -> Row:
    naive, ours = answers[NAIVE], answers[precision]
    theirs, own = (Spread.of(1000 * answer.seconds for answer in each) for each in (naive, ours))
    differences = [
        difference
        for one, other in zip(naive[:pictures], ours, strict=False)
        for difference in differences_of(one.shapes, other.shapes)
    ]
    return Row(group, what, precision, "ms", theirs, own, goal, differences)
