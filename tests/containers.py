"""Images and containers for the tests."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conftest import DEMO

LOCKED_DOWN = (
    "--read-only",
    "--network=none",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--tmpfs=/tmp",
)
POST = """
import sys, urllib.request
url = f"http://127.0.0.1:{sys.argv[1]}/"
headers = {"Content-Type": "application/json"}
request = urllib.request.Request(url, sys.stdin.buffer.read(), headers)
sys.stdout.buffer.write(urllib.request.urlopen(request).read())
"""
DISTRIBUTIONS = """
import re
from importlib.metadata import distributions
print(*sorted(re.sub("[-_.]+", "-", d.name.lower()) for d in distributions()))
"""


def docker(*arguments: str, stdin: bytes = b"", check: bool = True) -> tuple[int, str]:
    """Run a Docker command and return its exit status and everything it printed."""
    finished = subprocess.run(
        ["docker", *arguments],  # noqa: S607
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = finished.stdout.decode()
    assert not (check and finished.returncode), output
    return finished.returncode, output


def inspect(name: str) -> dict[str, Any]:
    """Return what Docker knows of an image or a container."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", name)[1])
    return found[0]


class Container:
    """A container that runs in the background."""

    def __init__(self, name: str) -> None:
        self.name = name

    def execute(self, *command: str, stdin: bytes = b"") -> str:
        return docker("exec", "--interactive", self.name, *command, stdin=stdin)[1]

    def post(self, body: bytes, port: int = 8080) -> Any:
        return json.loads(self.execute("python", "-c", POST, str(port), stdin=body))

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + 300
        while (state := inspect(self.name)["State"])["Health"]["Status"] != "healthy":
            assert state["Running"], f"the container ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"{state['Health']['Log']}\n{self.log()}"
            time.sleep(0.5)

    def log(self) -> str:
        return docker("logs", self.name)[1]

    def stop(self) -> int:
        """Ask it to end, as `docker stop` does, and return its exit status (137: it was killed)."""
        docker("stop", "--time=9", self.name)
        status: int = inspect(self.name)["State"]["ExitCode"]
        return status


@contextmanager
def running(image: str, *command: str, options: tuple[str, ...] = ()) -> Iterator[Container]:
    name = docker("run", "--detach", *LOCKED_DOWN, *options, image, *command)[1].strip()
    try:
        yield Container(name)
    finally:
        docker("rm", "--force", "--volumes", name)


def assert_shapes(answer: Any) -> None:
    assert answer, "no shape was found"
    assert {shape["label"] for shape in answer} <= set(
        (DEMO / "classes.txt").read_text().splitlines()
    )
    assert all(shape["type"] == "rectangle" and len(shape["points"]) == 4 for shape in answer)
