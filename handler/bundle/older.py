"""An older bundle that the closed side has, and what need not travel again."""

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler.bundle.contents import FORMAT, NAME
from handler.bundle.errors import BundleError
from handler.bundle.image import Blob, Image
from handler.bundle.sums import NAME as SUMS


@dataclass(frozen=True)
class Older:
    """What an older bundle brought.

    sums: the SHA-256 of its SHA256SUMS, which names it.
    chains: the digests of packed layers, from the lowest up to each.
    ids: of images, by name.
    files: SHA-256 of its weights and licence texts, by path.
    """

    sums: str
    chains: frozenset[tuple[str, ...]]
    ids: dict[str, str]
    files: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Older":
        """Read a bundle's description from its folder or tar.

        Raises:
            BundleError: it is no bundle, or one of a newer version.
        """
        try:
            described, sums = _read(path, NAME), _read(path, SUMS)
            content: dict[str, Any] = json.loads(described)
            written = content["format"]
        except (OSError, KeyError, ValueError, tarfile.TarError) as error:
            raise BundleError(f"{path} is no bundle that can be read: {error}") from None
        if written > FORMAT:
            raise BundleError(
                f"{path} was made by auto-annotate {content.get('version')}, which is newer",
                "Make the update with that version.",
            )
        images = content["images"]
        layers = [tuple(layer["digest"] for layer in image["layers"]) for image in images]
        return cls(
            sums=hashlib.sha256(sums).hexdigest(),
            chains=frozenset(chain[: i + 1] for chain in layers for i in range(len(chain))),
            ids={name: image["id"] for image in images for name in image["names"]},
            files=_licences(sums.decode()) | _weights(content["weights"]),
        )

    def lacks(self, images: Iterable[Image]) -> list[Blob]:
        """Return the blobs to carry: what is new, and the layers above what is new.

        Docker knows a layer by all that are below it, so that it cannot use one that it has on top
        of one that is new.
        """
        blobs = []
        for image in images:
            digests = tuple(layer.blob.digest for layer in image.layers)
            blobs += [image.config, image.manifest]
            blobs += [
                layer.blob
                for i, layer in enumerate(image.layers)
                if digests[: i + 1] not in self.chains
            ]
        return blobs

    def required_by(self, images: Iterable[Image]) -> dict[str, str]:
        """Return, by name, the ids of the old images whose layers are not carried again."""
        return {image.name: self.ids[image.name] for image in images if image.name in self.ids}


def _weights(listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the files of model folders, also of those that an update left out."""
    return {
        f"weights/{weights['name']}/{file}": digest
        for weights in listed
        for file, digest in weights["files"].items()
    }


def _licences(sums: str) -> dict[str, str]:
    found = dict(line.split("  ", 1)[::-1] for line in sums.splitlines())
    return {path: digest for path, digest in found.items() if path.startswith("licences/")}


def _read(path: Path, name: str) -> bytes:
    if path.is_dir():
        return (path / name).read_bytes()
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file and Path(member.name).parts[1:] == (name,):
                return file.read()
    raise KeyError(f"there is no {name} in it")
