"""What the Docker client of this host says about images."""

import shutil
import subprocess
from dataclasses import dataclass

# Nuclio starts it at every local deploy, to write the function's configuration:
# `pkg/platform/local/platform.go`.
HELPER_IMAGE = "gcr.io/iguazio/alpine"


@dataclass(frozen=True)
class Images:
    """Whether this host has an image, whether that has a HEALTHCHECK, and Nuclio's helper."""

    image: str
    is_there: bool
    has_health_check: bool
    helper_is_there: bool

    @classmethod
    def read(cls, image: str) -> "Images | None":
        """Ask Docker; None where there is no Docker, or no image is named."""
        if not image or _docker("version", "--format", "{{.Server.Version}}") is None:
            return None
        health = _docker("image", "inspect", "--format", "{{json .Config.Healthcheck}}", image)
        helper = _docker("image", "ls", "--quiet", HELPER_IMAGE)
        return cls(
            image=image,
            is_there=health is not None,
            has_health_check=health not in (None, "null"),
            helper_is_there=bool(helper),
        )


def _docker(*arguments: str) -> str | None:
    """Return what a command prints; None if there is no Docker, or it fails."""
    program = shutil.which("docker")
    if program is None:
        return None
    try:
        ended = subprocess.run(  # noqa: S603 - no shell; image names come after fixed options
            [program, *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip()
