"""`auto-annotate serve` as a process whose memory is watched."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from tests.server.processes import free_port

_START = 300  # seconds


@dataclass(frozen=True)
class Server:
    """A server on a port of this machine."""

    process: subprocess.Popen[bytes]
    port: int

    @classmethod
    @contextmanager
    def run(cls, weights: Path, log: Path, settings: Mapping[str, str]) -> Iterator[Self]:
        """Serve a folder of model folders as long as the context lasts; its log goes to a file.

        Raises:
            RuntimeError: it does not start, or has ended before the context does.
        """
        port = free_port(following=len(list(weights.iterdir())))
        command = [sys.executable, "-c", "from handler.cli import main; main()", "serve"]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [*command, "--weights", weights, "--port", str(port)],
                env=os.environ | settings,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                server = cls(process, port)
                server._wait(log)
                yield server
                if process.poll() is not None:
                    raise RuntimeError(f"the server has ended: {log.read_text()[-2000:]}")
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)

    def _wait(self, log: Path) -> None:
        for _ in range(_START * 10):
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"the server does not start: {log.read_text()[-2000:]}")

    def models(self) -> list[str]:
        """Return the address of each model."""
        listed = httpx.get(f"http://127.0.0.1:{self.port}/models").json()
        return [f"http://127.0.0.1:{self.port}{each['url']}" for each in listed]

    def memory(self) -> int:
        """Return its resident memory in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
