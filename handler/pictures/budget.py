"""The memory that pictures take together, bounded: whoever finds none waits, or is sent away."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from handler.errors import BusyError, RequestError
from handler.machine.machine import memory, resident_memory

PATIENCE = 20.0  # seconds; CVAT waits 30 for an answer
_MEGABYTE = 10**6


class Share:
    """What one picture takes of a budget."""

    def __init__(self, budget: "Budget") -> None:
        self._budget = budget
        self.size = 0

    def take(self, size: int) -> None:
        """Take `size` bytes, once they are there.

        Raises:
            RequestError: they never will be.
            BusyError: they were not for a while.
        """
        self._budget.take(size)
        self.size = size

    def keep(self, size: int) -> None:
        """Give all but `size` bytes back."""
        self._budget.give(self.size - min(size, self.size))
        self.size = min(size, self.size)


class Budget:
    """Bytes for pictures: `together` for all of them, `alone` for one while there is no other.

    Whoever has to wait does so in turn, so that a large picture does not wait for ever, and for no
    longer than `patience` seconds.
    """

    def __init__(self, together: int, alone: int, patience: float = PATIENCE) -> None:
        self._together, self._alone, self._patience = together, alone, patience
        self._taken = 0
        self._turn = threading.Lock()
        self._given = threading.Condition()

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Return a share, which is empty, and given back in the end."""
        share = Share(self)
        try:
            yield share
        finally:
            share.keep(0)

    def take(self, size: int) -> None:
        """See `Share.take`."""
        if size > self._alone:
            raise RequestError(
                f"'image' takes up to {size // _MEGABYTE} MB to decode, there are "
                f"{self._alone // _MEGABYTE} MB for pictures",
                "Scale it down, or give the container more memory.",
                code="image_too_large",
            )
        deadline = time.monotonic() + self._patience
        if not self._turn.acquire(timeout=self._patience):
            raise self._busy()
        try:
            with self._given:
                if not self._given.wait_for(lambda: self._has(size), deadline - time.monotonic()):
                    raise self._busy()
                self._taken += size
        finally:
            self._turn.release()

    def give(self, size: int) -> None:
        """Take `size` bytes back."""
        with self._given:
            self._taken -= size
            self._given.notify()

    def _has(self, size: int) -> bool:
        return self._taken + size <= self._together or self._taken == 0

    def _busy(self) -> BusyError:
        return BusyError(
            f"The memory for pictures was taken by others for {self._patience:g} seconds",
            "Send it again, send fewer at once, or give the container more memory.",
        )


@cache
def of_process(megabytes: int | None) -> Budget:
    """Return the budget of all models in this process: so many megabytes; unless they are given,
    all that the container's limit leaves beside the process for one picture, half for several.

    The first call decides: it comes when a model has been loaded.
    """
    if megabytes is not None:
        return Budget(megabytes * _MEGABYTE, megabytes * _MEGABYTE)
    left = max(memory() - (resident_memory() or 0), 0)
    return Budget(left // 2, left)
