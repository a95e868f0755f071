"""One model folder as the server sees it: its state, what it is, and its queue."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from handler.errors import AnnotateError, BusyError
from handler.logs import log
from handler.machine import cpus
from handler.nuclio.function import function_name
from handler.replies import Reply
from handler.server import examination
from handler.server.description import Description
from handler.server.shelf import Shelf
from handler.settings import Settings


class Served:
    """A model folder; `port` is one of its own, where it alone answers.

    places: how many requests are in its queue or in work; `settings.queue` bounds them.
    """

    def __init__(self, settings: Settings, shelf: Shelf, port: int) -> None:
        self.settings = settings
        self.port = port
        self.description: Description | None = None
        self.error: AnnotateError | None = None
        self.places = 0
        self._shelf = shelf
        # One frame is in the network; the others are decoded or encoded meanwhile.
        at_once = 1 + cpus.available()
        self._turn = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=self.folder.name)

    @property
    def folder(self) -> Path:
        """The model folder, or the weights in it, as it was named."""
        return self.settings.weights

    @property
    def name(self) -> str:
        """The function's name; the folder's as long as nobody knows better."""
        if self.description is not None:
            return self.description.name
        return function_name(self.folder.resolve().name)

    @property
    def state(self) -> str:
        """starting: nobody knows what it is yet. failed: it cannot be served, see `error`.
        idle: it is loaded when it is asked. loading, ready: it was asked.
        """
        if self.description is None:
            return "failed" if self.error else "starting"
        if self._shelf.holds(self.settings):
            return "ready"
        return "loading" if self._shelf.loads(self.settings) else "idle"

    async def load(self) -> None:
        """Load it now, and keep it in memory. A failure is kept in `error`."""
        try:
            async with self._shelf.borrow(self.settings) as service:
                self.description = await asyncio.to_thread(Description.of, service)
        except AnnotateError as error:
            self.error = error

    async def examine(self) -> None:
        """Find out what it is, without keeping it. A failure is kept in `error`."""
        try:
            self.description = await examination.examine(self.settings)
        except AnnotateError as error:
            self.leave_out(error)

    def leave_out(self, error: AnnotateError) -> None:
        """Serve the others without this one."""
        self.description, self.error = None, error
        log.error("%s is left out: %s", self.folder, error)

    def check_queue(self) -> None:
        """Raise BusyError when no more requests are taken."""
        if self.places >= self.settings.queue:
            raise BusyError(
                f"{self.places} requests of {self.name} are waiting already",
                "Send it again later; ANNOTATE_QUEUE bounds the queue.",
            )

    async def answer(
        self, body: Any, content_type: str = "", threshold: str | None = None
    ) -> Reply:
        """Answer one request when it is its turn, as `Service.answer` does.

        Cancelled, it leaves the queue; a frame that waits for the network is then given up.

        Raises:
            AnnotateError: the queue is full, or the model cannot be loaded.
        """
        self.check_queue()
        self.places += 1
        gone = threading.Event()
        try:
            async with self._turn, self._shelf.borrow(self.settings) as service:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(
                    self._threads, service.answer, body, content_type, threshold, gone.is_set
                )
        finally:
            gone.set()
            self.places -= 1
