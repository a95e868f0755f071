"""A function.yaml for a model and a platform: what nuctl deploys and CVAT lists."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from handler.detection.labels import Label
from handler.errors import SettingsError
from handler.nuclio.commented import comment_lines, plain, to_yaml
from handler.nuclio.document import HEADERS, NODE_PORTS, document_of


@dataclass(frozen=True)
class Function:
    """What one function.yaml says.

    platform: docker or kubernetes.
    weights_path: the model folder on the Docker host.
    weights_claim: the PersistentVolumeClaim that holds the model folder, on Kubernetes.
    build_image: what Nuclio names the image it builds on `image`; None, and nothing is built.
    replicas: the fewest and the most pods, on Kubernetes.
    cpu, memory: Kubernetes quantities such as 2, 500m or 4Gi.
    port: the host's port on Docker, a NodePort on Kubernetes; None leaves it to the platform.

    Raises:
        SettingsError: a value that the platform refuses or ignores.
    """

    name: str
    title: str
    description: str
    image: str
    labels: Sequence[Label]
    platform: str = "docker"
    gpu: bool = False
    weights_path: Path | None = None
    weights_claim: str | None = None
    build_image: str | None = None
    workers: int = 1
    replicas: tuple[int, int] | None = None
    cpu: str | None = None
    memory: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        for holds, message, remedy in self._conditions():
            if not holds:
                raise SettingsError(message, remedy)

    def _conditions(self) -> Sequence[tuple[bool, str, str]]:
        on_kubernetes = self.platform == "kubernetes"
        # A Docker container's and a Kubernetes object's name at once (RFC 1123); the longest, a
        # service's of 63, has "nuclio-" before it.
        name = r"[a-z0-9]([a-z0-9-]{0,54}[a-z0-9])?"
        quantities = [quantity for quantity in (self.cpu, self.memory) if quantity is not None]
        path, port, replicas = self.weights_path, self.port, self.replicas
        ports = NODE_PORTS if on_kubernetes else range(1, 65536)
        return [
            (
                bool(re.fullmatch(name, self.name)),
                f"The function name {self.name!r} is not one that Nuclio takes",
                "Use small letters, digits and dashes, at most 56.",
            ),
            (
                on_kubernetes or (path is not None and path.is_absolute()),
                f"The path of the weights on the host, {path}, is not absolute",
                "Name the whole path with --weights-path.",
            ),
            (
                not (on_kubernetes and path is not None),
                "Nuclio ignores the host's folders on Kubernetes",
                "Name the PersistentVolumeClaim with the weights: --weights-claim.",
            ),
            (
                on_kubernetes or self.weights_claim is None,
                "A Docker host has no PersistentVolumeClaims",
                "Name the folder with the weights: --weights-path.",
            ),
            (
                not (on_kubernetes and self.build_image),
                "Building on the image is for a Docker host",
                "Build it there, push it, and name it with --image.",
            ),
            (
                on_kubernetes or replicas is None,
                "A Docker host runs each function once",
                "Leave --replicas out, or use --workers.",
            ),
            (
                replicas is None or 1 <= replicas[0] <= replicas[1],
                f"{replicas} replicas are not 1 or more, the fewest first",
                "Write them as MIN:MAX, such as 1:4.",
            ),
            (self.workers >= 1, f"{self.workers} workers cannot serve", "Use 1 or more."),
            (
                all(re.fullmatch(r"\d+(\.\d+)?(m|k|[MGT]|[KMGT]i)?", text) for text in quantities),
                f"{' or '.join(quantities)} is not a quantity",
                "Write CPUs as 2 or 500m, memory as 4Gi.",
            ),
            (
                port is None or port in ports,
                f"Port {port} is not one that {self.platform} gives out",
                f"Use one from {ports[0]} to {ports[-1]}.",
            ),
        ]

    @classmethod
    def of_model(
        cls,
        folder: Path,
        config: Mapping[str, Any],
        description: str,
        labels: Sequence[Label],
        *,
        name: str | None = None,
        image: str | None = None,
        variant: str = "",
        **options: Any,
    ) -> Self:
        """Return the function of a model folder, named as model.yaml says or else as the folder.

        variant: the end of the tag of the only image of ours that has the model's library.

        Raises:
            SettingsError: a value that the platform refuses, or an image that we do not have.
        """
        title = config.get("name", folder.resolve().name)
        return cls(
            name=name or function_name(title),
            title=config.get("title", title),
            description=config.get("description", description),
            image=image or _own_image(variant, options["gpu"]),
            labels=labels,
            **options,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what the file says to a machine."""
        return dict(plain(document_of(self)))

    def to_yaml(self) -> str:
        """Return the file's text, with the reasons as comments."""
        header = HEADERS["build" if self.build_image else self.platform]
        return "\n".join([*comment_lines(header), to_yaml(document_of(self))])


def _own_image(variant: str, gpu: bool) -> str:
    if variant and gpu:
        raise SettingsError(
            f"The image for {variant} is for the CPU",
            "Leave --gpu out, or name an image of your own with --image.",
        )
    tag = variant or ("cuda" if gpu else "")
    return "-".join(filter(None, [f"auto-annotate:{version('auto-annotate')}", tag]))


def function_name(text: str) -> str:
    """Return `text` as a name that Nuclio takes: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:56].strip("-") or "auto-annotate"
