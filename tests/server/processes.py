"""`auto-annotate serve` as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conftest import DEMO

EXPORTED = DEMO / "exported"


def free_port(following: int = 0) -> int:
    """Return a port that is free, and so are as many after it."""
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = int(listener.getsockname()[1])
        if port + following < 65536 and all(_is_free(port + n) for n in range(1, following + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        return listener.connect_ex(("127.0.0.1", port)) != 0


def start(weights: Path, port: int, *options: str, **settings: str) -> subprocess.Popen[str]:
    """Start the server; `settings` are environment variables."""
    command = [sys.executable, "-c", "from handler.cli import main; main()", "serve"]
    return subprocess.Popen(
        [*command, "--weights", str(weights), "--port", str(port), *options],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until_ready(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    """Return when the server says that it is ready."""
    for _ in range(1200):
        assert process.poll() is None, process.communicate()[0]
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not become ready within two minutes")


@contextmanager
def running_server(
    weights: Path = DEMO, *options: str, models: int = 1, **settings: str
) -> Iterator[httpx.Client]:
    """A client of a server, which serves the demo model unless told otherwise."""
    port = free_port(models)
    process = start(weights, port, *options, **settings)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_ready(client, process)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
