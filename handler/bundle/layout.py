"""The folder `images`: an OCI layout that Docker 20.10 can load as well.

OCI image-spec 1.1 (oci-layout, index.json, blobs), and the manifest.json of `docker save`, which
names the same files: `docker load` takes layers packed with gzip. An image's configuration stays in
Docker's own form, and keeps its id: OCI's has no HEALTHCHECK, without which Nuclio's local platform
never finds a function ready.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from handler.bundle.compression import GzipWriter
from handler.bundle.image import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    Blob,
    Image,
    Layer,
    full_name,
)
from handler.bundle.layers import Source, copy_layer


class Layout:
    """A layout that is being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)

    def add_layer(self, source: Source, newest: int | None) -> tuple[Layer, dict[str, bytes]]:
        """Pack a layer's tar; return it and the licence texts in it, by path.

        newest: no file in it is newer, in seconds since 1970; None leaves it as it is.
        """
        file = self._blobs / "layer"
        with file.open("wb") as opened, GzipWriter(opened) as packed:
            texts = copy_layer(source, packed.write, newest)
        file.rename(self._blobs / packed.digest)
        return Layer(
            Blob(f"sha256:{packed.digest}", packed.size), f"sha256:{packed.plain_digest}"
        ), texts

    def add_json(self, content: Mapping[str, Any]) -> Blob:
        """Add a configuration or a manifest."""
        return self.add_bytes(json.dumps(content, separators=(",", ":")).encode())

    def add_bytes(self, content: bytes) -> Blob:
        """Add a file as it is."""
        digest = hashlib.sha256(content).hexdigest()
        (self._blobs / digest).write_bytes(content)
        return Blob(f"sha256:{digest}", len(content))

    def add_manifest(self, config: Blob, layers: Iterable[Layer]) -> Blob:
        """Add the manifest of an image."""
        return self.add_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": config.descriptor(CONFIG_TYPE),
                "layers": [layer.blob.descriptor(LAYER_TYPE) for layer in layers],
            }
        )

    def finish(self, images: Iterable[Image]) -> None:
        """Write the lists of images: OCI's and Docker's."""
        listed = list(images)
        self._write("oci-layout", {"imageLayoutVersion": "1.0.0"})
        entries = [_index_entry(image, name) for image in listed for name in image.names]
        self._write(
            "index.json", {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}
        )
        self._write("manifest.json", [_docker_entry(image) for image in listed])

    def keep(self, blobs: Iterable[Blob]) -> None:
        """Remove all other blobs."""
        kept = {blob.digest.removeprefix("sha256:") for blob in blobs}
        for file in list(self._blobs.iterdir()):
            if file.name not in kept:
                file.unlink()

    def _write(self, name: str, content: object) -> None:
        (self.folder / name).write_text(json.dumps(content, separators=(",", ":")), "utf-8")


def _index_entry(image: Image, name: str) -> dict[str, Any]:
    return image.manifest.descriptor(MANIFEST_TYPE) | {
        "annotations": {
            "io.containerd.image.name": full_name(name),  # containerd, and Docker's store in it
            "org.opencontainers.image.ref.name": name,  # skopeo
        },
        "platform": {"architecture": image.architecture, "os": "linux"},
    }


def _docker_entry(image: Image) -> dict[str, Any]:
    return {
        "Config": image.config.path,
        "RepoTags": list(image.names),
        "Layers": [layer.blob.path for layer in image.layers],
    }
