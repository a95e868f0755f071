"""Nuclio's command line, nuctl: the part of it that deploys a function.

Options and output: nuctl 1.14.1.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler.errors import AnnotateError
from handler.rules.function_file import table

_NAMES = {"docker": "local", "kubernetes": "kube"}
# nuctl asks for a Docker client on Kubernetes too, unless something else is to build images.
_ENVIRONMENT = {"kubernetes": {"NUCLIO_CONTAINER_BUILDER_KIND": "kaniko"}}


# What our function writes before it ends: handler.main.
_NOT_READY = re.compile(r"not ready: (.*)")

_NOTHING = re.compile("no functions found|not found", re.IGNORECASE)


class NuctlError(AnnotateError):
    """nuctl is not there, or ended with an error."""

    code = "nuctl"


@dataclass(frozen=True)
class Nuctl:
    """nuctl for a platform, docker or kubernetes."""

    program: str
    platform: str

    @classmethod
    def find(cls, platform: str, *instead: str) -> "Nuctl":
        """Return the nuctl on PATH.

        instead: the arguments of the commands that do by hand what it is wanted for.

        Raises:
            NuctlError: there is none; the remedy is the commands to run where it is.
        """
        program = shutil.which("nuctl")
        if program is None:
            commands = (f"nuctl {each} --platform {_NAMES[platform]}" for each in instead)
            raise NuctlError(
                "nuctl is not on PATH",
                "Install the nuctl of your Nuclio's version, or run where it is: "
                + "; ".join(commands),
            )
        return cls(program, platform)

    def create_project(self, name: str) -> bool:
        """Create a project if it is missing; return whether it was."""
        # A table: its JSON is not JSON when there is no project.
        if re.search(rf"\| {re.escape(name)} ", self._run("get", "projects")):
            return False
        self._run("create", "project", name)
        return True

    def function(self, name: str) -> dict[str, Any] | None:
        """Return a function's metadata, spec and status; None if it is not there."""
        try:
            listed = json.loads(self._run("get", "function", name, "-o", "json"))
        except ValueError:
            return None  # it says so in words
        except NuctlError as error:
            if not _NOTHING.search(error.message):
                raise
            return None
        return table(listed[0] if isinstance(listed, list) and listed else listed) or None

    def deploy(self, file: Path, project: str, name: str, builds: bool = False) -> None:
        """Deploy a file, or build and deploy its folder, and wait until the function is ready.

        Raises:
            NuctlError: it is not, or its log says that it cannot be; nuctl itself would wait on.
        """
        arguments = ["deploy", "--project-name", project, "--file", str(file)]
        arguments += ["--path", str(file.parent), "--no-pull"] if builds else []
        container = f"nuclio-nuclio-{name}"
        before = self._docker("inspect", "--format", "{{.Id}}", container)
        log = ""
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(  # noqa: S603 - no shell, and the arguments are ours
                self._command(*arguments), stdout=output, stderr=output, env=self._environment()
            )
            while process.poll() is None:
                time.sleep(0.5)
                if self._docker("inspect", "--format", "{{.Id}}", container) != before:
                    log = self._docker("logs", "--tail", "50", container)
                if _NOT_READY.search(log):
                    # Docker would start it again and again; stopped, nuctl gives up at once.
                    self._docker("stop", "--time", "1", container)
            output.seek(0)
            if process.returncode != 0:
                raise failure(arguments, output.read() + log)

    def delete(self, name: str) -> None:
        """Delete a function, also one whose deployment was interrupted."""
        self._run("delete", "function", name, "--force")

    def _run(self, *arguments: str) -> str:
        ended = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
            self._command(*arguments),
            capture_output=True,
            text=True,
            env=self._environment(),
            check=False,
        )
        if ended.returncode != 0:
            raise failure(arguments, ended.stdout + ended.stderr)
        return ended.stdout

    def _command(self, *arguments: str) -> list[str]:
        platform = _NAMES[self.platform]
        return [self.program, *arguments, "--platform", platform, "--namespace", "nuclio"]

    def _environment(self) -> dict[str, str]:
        return os.environ | _ENVIRONMENT.get(self.platform, {})

    def _docker(self, *arguments: str) -> str:
        """Return what the Docker client prints; nothing where Docker plays no part."""
        docker = shutil.which("docker")
        if docker is None or self.platform != "docker":
            return ""
        ended = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours
            [docker, *arguments], capture_output=True, text=True, check=False
        )
        return ended.stdout


def failure(arguments: Sequence[str], output: str) -> NuctlError:
    """Return the error for what nuctl, and the function it started, wrote."""
    said = _NOT_READY.findall(output)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error")]
    reason = (said[-1:] or errors or lines[-1:] or ["it says nothing"])[0]
    return NuctlError(f"nuctl {arguments[0]} failed: {reason[:400]}")
