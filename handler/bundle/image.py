"""What a bundle knows of an image: its names, its layers, and what names it by content."""

from dataclasses import dataclass
from typing import Any

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Blob:
    """A file of the layout, named by the SHA-256 of its content; `size` in bytes."""

    digest: str
    size: int

    @property
    def path(self) -> str:
        """Where it is below the layout's folder."""
        return "blobs/" + self.digest.replace(":", "/")

    def descriptor(self, media_type: str) -> dict[str, Any]:
        """Return what an OCI manifest or index says of it."""
        return {"mediaType": media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Layer:
    """A layer: its packed file, and `diff_id`, the digest of what is in that file."""

    blob: Blob
    diff_id: str


@dataclass(frozen=True)
class Image:
    """An image of the layout.

    names: each with a tag, the first its own; the others are the same in a registry.
    helper: what Nuclio needs beside ours, left as it was.
    packages: the licence texts of what is in it, by path.
    """

    names: tuple[str, ...]
    config: Blob
    manifest: Blob
    layers: tuple[Layer, ...]
    architecture: str
    labels: dict[str, str]
    helper: bool
    licences: dict[str, bytes]

    @property
    def name(self) -> str:
        """Its own name, with a tag."""
        return self.names[0]

    @property
    def size(self) -> int:
        """Bytes of its packed layers together."""
        return sum(layer.blob.size for layer in self.layers)

    @property
    def file_name(self) -> str:
        """Its name, as the start of the names of files about it."""
        return self.name.replace("/", "_").replace(":", "-")


def full_name(name: str) -> str:
    """Return a name as containerd has it, with the registry that Docker leaves out."""
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


def path_of(name: str) -> str:
    """Return a name without the registry in it: where the image goes in another registry."""
    return full_name(name).partition("/")[2].removeprefix("library/")
