"""Pictures of many sizes, one after the other, as a data set from many cameras has them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import numpy as np

from benchmarks.contest import Contest
from benchmarks.pictures import Size
from benchmarks.rows import Row
from benchmarks.sections import of_three
from handler.bench.measure import Tick
from handler.bench.requests import body_of
from handler.bench.spread import Spread
from handler.bench.worker import Worker

GROUP = "many sizes"
_OF_ONE = "ours, one size"
ONE = Size(640, 480)

# How often each size comes: 40 pictures, which at 640 pixels are letterboxed to 14 shapes.
SIZES = {
    ONE: 9,
    Size(640, 427): 7,
    Size(480, 640): 4,
    Size(427, 640): 3,
    Size(640, 360): 3,
    Size(640, 640): 2,
    Size(640, 512): 2,
    Size(640, 400): 2,
    Size(360, 640): 2,
    Size(640, 340): 2,
    Size(640, 556): 1,
    Size(640, 320): 1,
    Size(512, 640): 1,
    Size(400, 640): 1,
}
FIRST = 10  # pictures that are not counted

# Of many sizes to one: the mean time, that of the first picture of a shape, the memory; and how
# many times better than the best.
MEAN, NEW, MEMORY, BETTER = 1.15, 1.5, 1.3, 1.1
_THRESHOLD = 0.5


def order() -> list[Size]:
    """Return the sizes of the pictures as they come, the same each time."""
    sizes = [size for size, count in SIZES.items() for _ in range(count)]
    return [sizes[index] for index in np.random.default_rng(0).permutation(len(sizes))]


def many_sizes(contest: Contest, tick: Tick) -> tuple[list[Row], list[str]]:
    """Return a mean frame, the memory after all, and in words how far these are from one size's.

    A second process of ours takes turns with the others, and is given pictures of one size.
    """
    contenders = {**contest.three, _OF_ONE: contest.ours[contest.exported]}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    bodies = _bodies(contest)
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(each)) for name, each in contenders.items()}
        for size in order():
            for name, worker in workers.items():
                asked = bodies[ONE if name == _OF_ONE else size]
                seconds[name].append(worker.answer(asked).seconds)
            tick()
        memory = {name: worker.memory().resident / 1e6 for name, worker in workers.items()}
    means = {name: 1000 * float(np.mean(each[FIRST:])) for name, each in seconds.items()}
    name, ours = contest.subject.name, contest.exported
    rows = [
        _row(contest, f"{name}: mean of {len(order()) - FIRST} pictures", "ms", means, BETTER),
        _row(contest, f"{name}: resident memory", "MB", memory, None),
    ]
    apart = (
        ("mean time", means[ours] / means[_OF_ONE], MEAN),
        ("the first of a shape, beside the others,", _of_new_shapes(seconds[ours]), NEW),
        ("memory", memory[ours] / memory[_OF_ONE], MEMORY),
    )
    return rows, [f"{name}, many sizes beside one: {', '.join(_said(*each) for each in apart)}"]


def _bodies(contest: Contest) -> dict[Size, bytes]:
    pictures = contest.subject.pictures
    return {
        size: body_of(size.of(pictures[number % len(pictures)]), threshold=_THRESHOLD)
        for number, size in enumerate(SIZES)
    }


def _row(
    contest: Contest, what: str, unit: str, figures: Mapping[str, float], goal: float | None
) -> Row:
    spreads = {name: Spread.of([figure]) for name, figure in figures.items()}
    return of_three(contest, GROUP, what, unit, spreads, goal_best=goal)


def _of_new_shapes(seconds: Sequence[float]) -> float:
    """Return how many times as long as another the first picture of a shape takes, on average."""
    sizes = order()
    is_new = np.array([sizes.index(size) == number for number, size in enumerate(sizes)][FIRST:])
    counted = np.array(seconds[FIRST:])
    return float(counted[is_new].mean() / counted[~is_new].mean())


def _said(what: str, times: float, goal: float) -> str:
    met = "met" if times <= goal else "not met"
    return f"{what} {times:.2f} times (goal at most {goal:g}, {met})"
