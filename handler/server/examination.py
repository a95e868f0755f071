"""Loads a model in a process of its own, and says what it is.

    python -m handler.server.examination

prints `{"description": ...}` or `{"error": {"message", "remedy"}}`. The settings are in the
environment. The memory goes back, and a library that crashes takes nobody with it.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from dataclasses import asdict
from typing import Any

from handler.errors import AnnotateError, WeightsError
from handler.logs import log_to
from handler.server.description import Description
from handler.service import Service
from handler.settings import PREFIX, Settings

SECONDS = 600  # what Nuclio, too, gives a function to become ready


async def examine(settings: Settings) -> Description:
    """Return what is in the model folder of `settings`.

    Raises:
        WeightsError: it cannot be served.
    """
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "handler.server.examination"),
        env=environment | settings.to_environment(),
        stdout=PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        raise WeightsError(
            f"{settings.weights} is not loaded after {SECONDS} seconds",
            "Is its disk slow, or are there too few CPUs?",
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise WeightsError(
            f"The process that loads {settings.weights} ended with {process.returncode}",
            "Is there too little memory?",
        )
    return _read(output.splitlines()[-1])


def _read(line: bytes) -> Description:
    answer = json.loads(line)
    if "error" in answer:
        raise WeightsError(**answer["error"])
    return Description(**answer["description"])


def report(settings: Settings) -> dict[str, Any]:
    """Return what `main` prints."""
    try:
        description = Description.of(Service.load(settings))
    except AnnotateError as error:
        return {"error": {"message": error.message, "remedy": error.remedy}}
    return {"description": asdict(description)}


def main() -> None:
    """Print one line of JSON."""
    try:
        settings = Settings.from_environment()
        log_to(settings.log, sys.stderr)
        answer = report(settings)
    except AnnotateError as error:
        answer = {"error": {"message": error.message, "remedy": error.remedy}}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # torch takes seconds to be taken down


if __name__ == "__main__":
    main()
