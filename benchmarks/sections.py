"""What is measured. In every section the naive handler, the best one and ours take turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from benchmarks.contest import BEST, BROUGHT, NAIVE, Contest
from benchmarks.one_core import one_core
from benchmarks.rows import BROUGHT as OF_BROUGHT
from benchmarks.rows import FLOAT, FRAME, INT8, MEMORY, RATE, START, Row
from handler.bench import measure
from handler.bench.measure import Start, Tick
from handler.bench.replies import differences_of
from handler.bench.spread import Spread
from handler.bench.worker import Answer

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
    contenders = {**contest.three, **contest.ours}
    answers = measure.answers(contenders, bodies, contest.extent.rounds, tick)
    goals = {contest.exported: FLOAT, "int8": INT8} if contest.subject.thorough else {}
    best = {BROUGHT: OF_BROUGHT} | ({contest.exported: FRAME} if size.endswith("PNG") else {})
    rows = [
        _row(
            "one frame",
            f"{name} {size}",
            precision,
            answers,
            len(bodies),
            (goals.get(precision), best.get(precision)),
        )
        for precision in contest.ours
    ]
    return rows, answers[contest.exported]


def on_one_core(contest: Contest, size: str, tick: Tick) -> Iterator[Row]:
    """Yield one frame after the other under a CPU limit of one core."""
    bodies = contest.bodies[size]
    with one_core() as (prefix, how):
        contenders = {name: replace(each, prefix=prefix) for name, each in contest.three.items()}
        answers = measure.answers(contenders, bodies, contest.extent.rounds // 2, tick)
    what = f"{contest.subject.name} {size}"
    yield _row(f"limit of one core ({how})", what, contest.exported, answers, len(bodies))


def starts(contest: Contest, tick: Tick) -> Iterator[Row]:
    """Yield the time to the first answer, and the memory after some frames of all sizes."""
    bodies = [bodies[0] for bodies in contest.bodies.values()]
    taken: dict[str, list[Start]] = {name: [] for name in contest.three}
    for _ in range(contest.extent.starts):
        for name, contender in contest.three.items():
            taken[name].append(measure.start(contender, bodies, contest.extent.frames_of_start))
        tick()
    for what, unit, goal, figure in _OF_A_START:
        spreads = {name: Spread.of(map(figure, each)) for name, each in taken.items()}
        what = f"{contest.subject.name}: {what}"
        yield of_three(contest, "a process", what, unit, spreads, goal)


def concurrency(contest: Contest, size: str, tick: Tick) -> Iterator[Row]:
    """Yield the frames in a second with two workers, when one client asks and when four do."""
    bodies, extent = contest.bodies[size], contest.extent
    with ExitStack() as stack:
        pools = {
            name: stack.enter_context(measure.pool(each, WORKERS, bodies))
            for name, each in contest.three.items()
        }
        for clients in CLIENTS:
            rates: dict[str, list[float]] = {name: [] for name in pools}
            for _ in range(extent.bursts):
                for name, burst in pools.items():
                    done = burst(clients, extent.frames_of_burst)
                    rates[name].append(done.frames_per_second)
                tick()
            what = f"{contest.subject.name} {size}, {clients} at once ask"
            spreads = {name: Spread.of(each) for name, each in rates.items()}
            yield of_three(contest, f"{WORKERS} workers", what, RATE, spreads)


def of_three(
    contest: Contest,
    group: str,
    what: str,
    unit: str,
    spreads: Mapping[str, Spread],
    goal: float | None = None,
    goal_best: float | None = None,
) -> Row:
    """Return a row of the naive handler's figures, the best's and ours, by their names."""
    ours = contest.exported
    best, naive = spreads.get(BEST), spreads[NAIVE]
    return Row(group, what, ours, unit, naive, spreads[ours], goal, best=best, goal_best=goal_best)


def _row(
    group: str,
    what: str,
    precision: str,
    answers: Mapping[str, Sequence[Answer]],
    pictures: int,
    goals: tuple[float | None, float | None] = (None, None),
) -> Row:
    # What ultralytics exported sees pictures padded to a square, unlike the .pt.
    expected = answers[BEST if precision == BROUGHT else NAIVE]
    spreads = {
        name: Spread.of(1000 * answer.seconds for answer in each) for name, each in answers.items()
    }
    differences = [
        difference
        for one, other in zip(expected[:pictures], answers[precision], strict=False)
        for difference in differences_of(one.shapes, other.shapes)
    ]
    figures = spreads[NAIVE], spreads[precision]
    goal, goal_best = goals
    best = spreads.get(BEST)
    return Row(group, what, precision, "ms", *figures, goal, differences, best, goal_best)
