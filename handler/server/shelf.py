"""The models in memory: so many at once, the least recently used goes."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from handler.logs import log
from handler.service import Service
from handler.settings import Settings


@dataclass
class _Held:
    """A model in memory.

    users: how many use it just now. was_used: whether anybody has. leaves: it goes when nobody
    uses it, and nobody new may.
    """

    service: Service
    users: int = 0
    was_used: bool = False
    leaves: bool = False


class Shelf:
    """At most `keep` loaded models, by their settings, in the order of their last use.

    Whoever waits for room is given that of the least recently used model as soon as the frames in
    it are answered; later frames of that model wait until it is loaded again.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._held: dict[Settings, _Held] = {}
        self._loading: dict[Settings, asyncio.Task[None]] = {}
        self._waiting: Counter[Settings] = Counter()
        self._changed = asyncio.Condition()

    def holds(self, settings: Settings) -> bool:
        """Return whether a model is in memory."""
        return settings in self._held

    def loads(self, settings: Settings) -> bool:
        """Return whether a model is being loaded."""
        return settings in self._loading

    @asynccontextmanager
    async def borrow(self, settings: Settings) -> AsyncIterator[Service]:
        """Lend a model, and load it before if it is not in memory.

        Raises:
            AnnotateError: it cannot be loaded.
        """
        self._waiting[settings] += 1
        try:
            held = await self._take(settings)
        finally:
            self._waiting[settings] -= 1
            await asyncio.shield(self._tell())
        try:
            yield held.service
        finally:
            held.users -= 1
            if held.leaves and not held.users:
                self._drop(settings)
            await asyncio.shield(self._tell())

    async def _take(self, settings: Settings) -> _Held:
        while True:
            held = self._held.get(settings)
            if held is not None and not held.leaves:
                held.users += 1
                held.was_used = True
                self._held[settings] = self._held.pop(settings)
                return held
            if held is None and settings not in self._loading and self._has_room():
                self._begin(settings)
            if settings in self._loading:
                # The loading goes on when whoever asked for it has gone.
                await asyncio.shield(self._loading[settings])
                continue
            async with self._changed:
                await self._changed.wait()

    def _has_room(self) -> bool:
        """Return whether one more model may be loaded; see to it that soon one may."""
        if len(self._held) + len(self._loading) < self._keep:
            return True
        if any(held.leaves for held in self._held.values()):
            return False
        for settings, held in self._held.items():
            if held.was_used or not self._waiting[settings]:
                held.leaves = True
                if not held.users:
                    self._drop(settings)
                return not held.users
        return False

    def _drop(self, settings: Settings) -> None:
        del self._held[settings]
        log.info("%s leaves the memory, for others", settings.weights)

    def _begin(self, settings: Settings) -> None:
        task = asyncio.create_task(self._load(settings))
        task.add_done_callback(lambda done: done.exception())  # also if nobody waits any more
        self._loading[settings] = task

    async def _load(self, settings: Settings) -> None:
        try:
            service = await asyncio.to_thread(_load_into_room, settings)
            self._held[settings] = _Held(service)
        finally:
            del self._loading[settings]
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _load_into_room(settings: Settings) -> Service:
    gc.collect()  # of models in circles of references, which would be in memory as well
    return Service.load(settings)
