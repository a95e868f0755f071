"""Work that can wait, done while nothing else is asked for."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("auto_annotate")

QUIET = 0.2  # seconds without a frame: then the next one is not to be expected in the middle
_LOOKS = 0.05  # seconds between two looks


class Idle:
    """Does jobs in a thread of its own, one at a time, once no frame came for a moment.

    The thread lives as long as there are jobs, and lets the process end between two of them. Its
    priority is the usual one: a frame may come to wait for a job that has begun.
    """

    def __init__(self) -> None:
        self._jobs: list[tuple[Callable[[], object], float]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._frames = 0
        self._last = time.monotonic()

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Say that a frame is computed: meanwhile, and a moment longer, no job is begun."""
        with self._lock:
            self._frames += 1
        try:
            yield
        finally:
            with self._lock:
                self._frames -= 1
                self._last = time.monotonic()

    def add(self, job: Callable[[], object], patience: float = float("inf")) -> None:
        """Have a job done; after `patience` seconds beside the frames, if they do not pause."""
        with self._lock:
            self._jobs.append((job, time.monotonic() + patience))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="idle")
                self._thread.start()

    def finish(self) -> None:
        """Wait until all jobs are done."""
        while (thread := self._thread) is not None:
            thread.join()

    def _work(self) -> None:
        while threading.main_thread().is_alive():
            with self._lock:
                if not self._jobs:
                    self._thread = None
                    return
                job = self._due()
            if job is None:
                time.sleep(_LOOKS)
                continue
            try:
                job()
            except Exception:
                log.exception("work beside the frames failed")

    def _due(self) -> Callable[[], object] | None:
        """Take the job to do now: the first that may begin."""
        now = time.monotonic()
        quiet = not self._frames and now - self._last >= QUIET
        for number, (job, latest) in enumerate(self._jobs):
            if quiet or now >= latest:
                del self._jobs[number]
                return job
        return None
