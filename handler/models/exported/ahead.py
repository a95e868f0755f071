"""Something slow computed in a thread of its own, while what goes into it is made and read."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

_WAITING = 2  # so many are under way: one is computed, one is made or read


def computed_ahead(
    given: Iterable[Given], compute: Callable[[Given], Made]
) -> Iterator[tuple[Given, Made]]:
    """Yield each of `given` with what `compute` makes of it, in their order.

    The next is computed while one is used; two are taken from `given` before the first is yielded.
    """
    with ThreadPoolExecutor(1) as thread:
        waiting: deque[tuple[Given, Future[Made]]] = deque()
        for each in given:
            waiting.append((each, thread.submit(compute, each)))
            if len(waiting) == _WAITING:
                first, made = waiting.popleft()
                yield first, made.result()
        for each, made in waiting:
            yield each, made.result()
