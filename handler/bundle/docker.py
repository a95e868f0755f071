"""The Docker client on the connected side."""

import json
import shutil
import subprocess
from typing import Any

from handler.bundle.errors import BundleError


def client() -> str:
    """Return the path of the Docker client.

    Raises:
        BundleError: there is none.
    """
    program = shutil.which("docker")
    if program is None:
        raise BundleError(
            "docker is not on PATH, and the images come from it",
            "Install Docker 20.10 or newer, or put it on PATH.",
        )
    return program


def inspect(name: str) -> dict[str, Any] | None:
    """Return what Docker knows of an image; None if it is not there.

    Raises:
        BundleError: there is no Docker, or its daemon does not answer.
    """
    command = [client(), "image", "inspect", name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode == 0:
        found: dict[str, Any] = json.loads(ended.stdout)[0]
        return found
    if "no such image" in ended.stderr.lower():
        return None
    raise BundleError(f"Docker does not answer: {ended.stderr.strip()}", "Start its daemon.")
