"""What a function.yaml is made from, each value one that its platform takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handler.detection.labels import Label
from handler.errors import SettingsError
from handler.nuclio.limits import NODE_PORTS


@dataclass(frozen=True)
class Parameters:
    """What one function.yaml is made from.

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
        fewest, most = replicas or (1, 1)
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
                1 <= fewest <= most,
                f"{fewest} to {most} replicas are not 1 or more, the fewest first",
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
