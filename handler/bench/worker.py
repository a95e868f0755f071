"""One worker, as Nuclio runs it, and what it takes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from handler.bench.wrapper import event_of
from handler.errors import ModelError, RequestError
from handler.machine import cpus

OURS = "handler.main:handler"


@dataclass(frozen=True)
class Contender:
    """A handler, MODULE:NAME, with its environment; `prefix` is a command that starts commands."""

    handler: str = OURS
    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    def among(self, workers: int) -> "Contender":
        """Return one of several workers: unless told, each has its part of the processors."""
        part = str(cpus.available(workers))
        threads = os.environ.get("ANNOTATE_THREADS", part)
        return replace(self, environment={"ANNOTATE_THREADS": threads, **self.environment})


@dataclass(frozen=True)
class Answer:
    """A reply, and the seconds from sending the request to holding it.

    stages, parts: of the seconds inside the service; see `handler.timings`. Empty for others'.
    """

    seconds: float
    body: str
    stages: dict[str, float]
    parts: dict[str, float]

    @property
    def shapes(self) -> list[dict[str, Any]]:
        """The CVAT shapes of the reply."""
        shapes: list[dict[str, Any]] = json.loads(self.body)
        return shapes


@dataclass(frozen=True)
class Memory:
    """Bytes of a process: resident now, its share of them, and the most that was resident.

    `Rss` and `Pss` of /proc/PID/smaps_rollup, `VmHWM` of /proc/PID/status.
    """

    resident: int
    share: int
    peak: int

    @classmethod
    def of(cls, pid: int) -> "Memory":
        """Read what the kernel says of a process of this machine."""
        process = Path("/proc", str(pid))
        kilobytes = {}
        for name in ("smaps_rollup", "status"):
            for line in (process / name).read_text().splitlines():
                key, _, value = line.partition(":")
                if value.endswith("kB"):
                    kilobytes[key] = int(value.split()[0])
        return cls(*(kilobytes[key] * 1024 for key in ("Rss", "Pss", "VmHWM")))


class Worker:
    """A process with a handler in it; it may still be loading."""

    def __init__(self, contender: Contender) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        # -P: what lies in the current folder is not to be imported.
        command = (sys.executable, "-P", "-m", "handler.bench.wrapper", contender.handler)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*contender.prefix, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | contender.environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, body: bytes) -> Answer:
        """Send a request's body and wait for the reply.

        Raises:
            ModelError: the process ended, at its start or now.
            RequestError: the reply is an error.
        """
        message = event_of(body)
        events, replies = self._process.stdin, self._process.stdout
        assert events is not None and replies is not None  # noqa: S101, PT018 - for mypy
        start = time.perf_counter()
        try:
            events.write(message)
            events.flush()
            line = replies.readline()
        except BrokenPipeError:
            line = b""
        seconds = time.perf_counter() - start
        timings = replies.readline()
        if not timings:
            raise ModelError(f"The handler ended: {self._last_words()}")
        reply, timed = json.loads(line), json.loads(timings)
        if reply["status_code"] != 200:
            raise RequestError(f"The handler answered {reply['status_code']}: {reply['body']}")
        return Answer(seconds, reply["body"], timed.get("stages", {}), timed.get("parts", {}))

    def memory(self) -> Memory:
        """Return the memory of the worker's process as it is now."""
        return Memory.of(self._process.pid)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def _last_words(self) -> str:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else f"exit status {self._process.returncode}"
        return last.partition("not ready: ")[2] or last
