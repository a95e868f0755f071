"""Work that goes on while its results are used."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()


def ahead(items: Generator[T, None, None], most: int) -> Generator[T, None, None]:
    """Yield `items`, which a thread of their own makes, up to `most` before they are taken.

    They are closed with what is returned.
    """
    with closing(items), ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(next, items, _END) for _ in range(most))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(thread.submit(next, items, _END))
                yield item
        finally:
            for each in waiting:
                each.cancel()
