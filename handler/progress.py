"""How far a long prediction is, for whoever shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Shown = Callable[[int, int], object]

_shown: ContextVar[Shown | None] = ContextVar("shown", default=None)


@contextmanager
def shown_by(show: Shown | None) -> Iterator[None]:
    """Have `show` called with the steps that are done, and all there are, of what runs within.

    It is called in this thread. None shows nothing.
    """
    token = _shown.set(show)
    try:
        yield
    finally:
        _shown.reset(token)


def step(done: int, steps: int) -> None:
    """Say that of a prediction's `steps` so many are done, if somebody shows it."""
    show = _shown.get()
    if show is not None:
        show(done, steps)
