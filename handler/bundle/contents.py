"""What is in a bundle: bundle.json for programs, the lists *.tsv for a shell."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from handler.bundle.image import Image, path_of
from handler.bundle.needs import Need
from handler.bundle.order import Order
from handler.bundle.weights import Weights

FORMAT = 1
NAME = "bundle.json"


@dataclass(frozen=True)
class Contents:
    """What is in a bundle.

    needs: what the closed side needs, and whether it is in the bundle.
    key: the fingerprint of the key it is signed with; None: it is not.
    since: the SHA-256 of the older bundle's SHA256SUMS, of an update.
    required: the ids of the images an update is for, by name.
    """

    order: Order
    images: Sequence[Image]
    weights: Sequence[Weights]
    needs: Sequence[tuple[Need, bool]]
    created: int
    key: str | None
    since: str | None
    required: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return what bundle.json says."""
        return {
            "format": FORMAT,
            "version": version("auto-annotate"),
            "created": datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "platforms": list(self.order.platforms),
            "nuclio": self.order.nuclio,
            "registry": self.order.registry,
            "key": self.key,
            "since": self.since,
            "images": [_image(image) for image in self.images],
            "weights": [
                {"name": weights.name, "image": weights.flavour, "files": weights.files}
                for weights in self.weights
            ],
            "needs": [
                {"image": need.image, "purpose": need.purpose, "here": here}
                for need, here in self.needs
            ],
        }

    def write(self, folder: Path) -> None:
        """Write bundle.json and the lists; a list's columns are separated by tabs."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"
        (folder / NAME).write_text(text, "utf-8")
        made = self.to_dict()
        facts = {
            "format": FORMAT,
            "version": made["version"],
            "created": made["created"],
            "key": self.key or "-",
            "since": self.since or "-",
            "registry": self.order.registry or "-",
        }
        lists: dict[str, list[tuple[Any, ...]]] = {
            "bundle": list(facts.items()),
            "images": [
                (
                    image.name,
                    path_of(image.name),
                    image.config.digest,
                    image.manifest.digest,
                    image.architecture,
                    self.required.get(image.name, "-"),
                    image.size,
                    *(image.names[1:] or "-"),
                )
                for image in self.images
            ],
            "weights": [
                (digest, f"{weights.name}/{path}")
                for weights in self.weights
                for path, digest in weights.files.items()
            ],
            "needs": [
                (need.image, "here" if here else "missing", need.purpose)
                for need, here in self.needs
            ],
        }
        for name, rows in lists.items():
            lines = ["\t".join(map(str, row)) + "\n" for row in rows]
            (folder / f"{name}.tsv").write_text("".join(lines), "utf-8")


def _image(image: Image) -> dict[str, Any]:
    label = "org.opencontainers.image."
    return {
        "names": list(image.names),
        "id": image.config.digest,
        "digest": image.manifest.digest,
        "architecture": image.architecture,
        "helper": image.helper,
        "version": image.labels.get(f"{label}version"),
        "revision": image.labels.get(f"{label}revision"),
        "licences": image.labels.get(f"{label}licenses"),
        "size": image.size,
        "layers": [
            {"digest": layer.blob.digest, "diff_id": layer.diff_id, "size": layer.blob.size}
            for layer in image.layers
        ],
    }
