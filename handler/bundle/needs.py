"""Which images a closed side needs beside ours: Nuclio's own, and what it starts at a deploy."""

from dataclasses import dataclass

# What our images are built from, and tested with.
NUCLIO = "1.14.1"
# Each local deploy starts it, to write the configuration (`pkg/platform/local/platform.go`).
_ALPINE = {"1.13.0": "gcr.io/iguazio/alpine:3.17"}
_NEWER_ALPINE = "gcr.io/iguazio/alpine:3.20"


@dataclass(frozen=True)
class Need:
    """An image that the closed side needs, and what for."""

    image: str
    purpose: str


def needs_of(platforms: tuple[str, ...], nuclio: str, architecture: str) -> list[Need]:
    """Return what Nuclio needs on docker and on kubernetes, with nothing built there.

    nuclio: its version, such as 1.14.1.
    """
    dashboard = Need(
        f"quay.io/nuclio/dashboard:{nuclio}-{architecture}", "Nuclio's dashboard, which CVAT asks"
    )
    alpine = _ALPINE.get(nuclio, _NEWER_ALPINE)
    of_platform = {
        "docker": [Need(alpine, "Nuclio starts it at each deploy on a Docker host")],
        "kubernetes": [
            Need(f"quay.io/nuclio/controller:{nuclio}-{architecture}", "Nuclio's controller")
        ],
    }
    return [dashboard, *(need for platform in platforms for need in of_platform[platform])]
