"""What is asked of `auto-annotate bundle`."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from handler.bundle.image import path_of

# The end of each flavour's tag: ./scripts/build.
FLAVOURS = {
    "slim": "-slim",
    "runtime": "",
    "cuda": "-cuda",
    "mmrotate": "-mmrotate",
    "mmrotate-0": "-mmrotate-0",
}


@dataclass(frozen=True)
class Order:
    """What goes into a bundle, and where it is written.

    flavours: of our images; others: names of more images, with their tags.
    weights: model folders.
    platforms: docker, kubernetes.
    nuclio: the version that runs on the closed side.
    registry: the one there, with a path if need be; None: images keep their names.
    since: an older bundle, which the closed side has.
    created: the time of everything in it, in seconds since 1970; None: of the newest of our images.
    """

    out: Path
    flavours: tuple[str, ...]
    weights: tuple[Path, ...] = ()
    platforms: tuple[str, ...] = ("docker",)
    others: tuple[str, ...] = ()
    nuclio: str = "1.14.1"
    nuctl: Path | None = None
    registry: str | None = None
    key: Path | None = None
    since: Path | None = None
    lists: bool = True
    created: int | None = None

    def names_of(self, image: str) -> tuple[str, ...]:
        """Return the names that an image gets: its own, and that in the registry."""
        return (image, f"{self.registry}/{path_of(image)}") if self.registry else (image,)


def flavour_image(flavour: str) -> str:
    """Return the name of the image of a flavour, as ./scripts/build tags it."""
    return f"auto-annotate:{version('auto-annotate')}{FLAVOURS[flavour]}"
