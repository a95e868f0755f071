"""A function.yaml for a model and a platform: what nuctl deploys and CVAT lists.

Keys and their meaning: Nuclio 1.14 `pkg/functionconfig/types.go`, CVAT 2.73 `lambda_manager`. What
each platform does with them: `pkg/platform/local/platform.go`, `pkg/platform/kube/functionres`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from handler.cvat.spec import spec_of
from handler.errors import SettingsError
from handler.labels import Label
from handler.nuclio.commented import Commented, comment_lines, plain, to_json, to_yaml

MAX_BODY_BYTES = 64 * 1024 * 1024
READINESS_SECONDS = 600
WORKER_WAIT_MILLISECONDS = 60_000
USER_ID = 10001
NODE_PORTS = range(30000, 32768)
DEFAULT_CLAIM = "auto-annotate-weights"

# The image's own, as in Dockerfile.
_HEALTH_CHECK = "--start-period=600s --interval=3s CMD python3 -I -S /usr/local/bin/healthcheck.py"
_HEALTH_REASON = "Nuclio's own would call the function ready before the model is loaded."
_HEADERS = {
    "docker": """\
Deploy on a Docker host (Nuclio starts the image as it is, nothing is built or installed):
  nuctl create project cvat --platform local
  nuctl deploy --project-name cvat --platform local --file function.yaml""",
    "kubernetes": """\
Deploy on Kubernetes (Nuclio starts the image as it is, nothing is built or installed):
  kubectl apply --filename function.yaml
or, with the same effect:
  nuctl deploy --project-name cvat --platform kube --namespace nuclio --file function.yaml""",
    "build": """\
For your own Python on top of the image: put it beside this file, as main.py, and run there
  nuctl create project cvat --platform local
  nuctl deploy --project-name cvat --platform local --path . --file function.yaml --no-pull
Nuclio adds its processor and your file to the image; nothing comes from the network.
To run the image as it is, use a function.yaml with spec.image.""",
}


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
        **options: Any,
    ) -> Self:
        """Return the function of a model folder, named as model.yaml says or else as the folder."""
        title = config.get("name", folder.resolve().name)
        own_image = f"auto-annotate:{version('auto-annotate')}{'-cuda' if options['gpu'] else ''}"
        return cls(
            name=name or function_name(title),
            title=config.get("title", title),
            description=config.get("description", description),
            image=image or own_image,
            labels=labels,
            **options,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what the file says to a machine."""
        return dict(plain(self._document()))

    def to_yaml(self) -> str:
        """Return the file's text, with the reasons as comments."""
        header = _HEADERS["build" if self.build_image else self.platform]
        return "\n".join([*comment_lines(header), to_yaml(self._document())])

    def _document(self) -> dict[str, Any]:
        document = {"metadata": self._metadata(), "spec": self._spec()}
        if self.platform != "kubernetes":
            return document
        waiting = "Nuclio's controller acts on a resource in this state only; nuctl sets it itself."
        return {
            "apiVersion": "nuclio.io/v1beta1",
            "kind": "NuclioFunction",
            **document,
            "status": {"state": Commented(waiting, "waitingForResourceConfiguration")},
        }

    def _metadata(self) -> dict[str, Any]:
        entries = ",\n".join(f"  {to_json(label)}" for label in spec_of(self.labels))
        return {
            "name": self.name,
            "namespace": "nuclio",
            "labels": {
                "nuclio.io/project-name": Commented(
                    "CVAT lists the functions of this project only.", "cvat"
                ),
            },
            "annotations": {
                "name": self.title,
                "type": "detector",
                "spec": Commented(
                    "The labels that CVAT shows, made from the weights.", f"[\n{entries}\n]\n"
                ),
            },
        }

    def _spec(self) -> dict[str, Any]:
        return {
            "description": Commented(
                "CVAT cannot list any of its models when this is empty.", self.description
            ),
            "runtime": "python:3.11",
            **self._image(),
            "imagePullPolicy": Commented(
                "Kubernetes would ask the registry at every start, which fails without internet."
                if self.platform == "kubernetes"
                else "The image is on this host already.",
                "IfNotPresent",
            ),
            "readinessTimeoutSeconds": Commented(
                "Loading a model takes longer than Nuclio's own limit of two minutes expects.",
                READINESS_SECONDS,
            ),
            **self._environment(),
            "resources": self._resources(),
            "volumes": [self._weights()],
            "securityContext": self._security(),
            **self._replicas(),
            "triggers": {"http": self._trigger()},
            **self._platform(),
        }

    def _image(self) -> dict[str, Any]:
        if self.build_image is None:
            reason = (
                "With build.image in its place Nuclio would start a build, "
                "even for nuctl --run-image."
            )
            return {"handler": "handler.main:handler", "image": Commented(reason, self.image)}
        return {
            "handler": Commented("The function `handler` of your main.py.", "main:handler"),
            "build": {
                "image": Commented("What Nuclio calls the image that it makes.", self.build_image),
                "baseImage": Commented("What it makes it from.", self.image),
                "noBaseImagesPull": Commented("Take what is on this host.", True),
                "flags": Commented("For `docker build`: no network at all.", ["--network=none"]),
                "directives": self._directives(),
            },
        }

    def _directives(self) -> dict[str, Any]:
        root = {"kind": "USER", "value": "root"}
        check = {"kind": "HEALTHCHECK", "value": Commented(_HEALTH_REASON, _HEALTH_CHECK)}
        user = {"kind": "USER", "value": f"{USER_ID}:{USER_ID}"}
        return {
            "preCopy": Commented("Nuclio adds what it needs from its own files, as root.", [root]),
            "postCopy": [check, user],
        }

    def _environment(self) -> dict[str, Any]:
        if not self.gpu:
            return {}
        reason = "Without a usable GPU the start fails and says why; it would be slow otherwise."
        return {"env": Commented(reason, [{"name": "ANNOTATE_DEVICE", "value": "cuda"}])}

    def _resources(self) -> dict[str, Any]:
        limits: dict[str, Any] = {}
        if self.cpu is not None or self.platform == "kubernetes":
            limits["cpu"] = self.cpu or "2"
        limits["memory"] = self.memory or ("8Gi" if self.gpu else "4Gi")
        if self.platform == "docker":
            gpu = {"nvidia.com/gpu": Commented("On a Docker host: all GPUs.", 1)}
            return {"limits": {**limits, **(gpu if self.gpu else {})}}
        gpu = {"nvidia.com/gpu": Commented("Makes updates stop the old pod first.", 1)}
        requests = Commented("The autoscaler's target is a share of this.", dict(limits))
        return {"requests": requests, "limits": {**limits, **(gpu if self.gpu else {})}}

    def _weights(self) -> dict[str, Any]:
        reason = "The model folder: best.pt, and classes.txt and model.yaml if there are any."
        source: dict[str, Any]
        if self.platform == "kubernetes":
            claim = {"claimName": self.weights_claim or DEFAULT_CLAIM, "readOnly": True}
            source = {"persistentVolumeClaim": Commented("Nuclio ignores hostPath here.", claim)}
        else:
            note = "Docker refuses to start the function when this folder does not exist."
            source = {"hostPath": {"path": Commented(note, str(self.weights_path))}}
        return {
            "volume": {"name": Commented(reason, "weights"), **source},
            "volumeMount": {"name": "weights", "mountPath": "/weights", "readOnly": True},
        }

    def _security(self) -> dict[str, Any]:
        user = {"runAsUser": USER_ID, "runAsGroup": USER_ID}
        if self.platform == "docker":
            reason = "The image's own user; the folder with the weights has to be readable for it."
            return {"runAsUser": Commented(reason, USER_ID), "runAsGroup": USER_ID}
        return {
            "runAsNonRoot": True,
            **user,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        }

    def _replicas(self) -> dict[str, Any]:
        if self.platform == "docker":
            return {}
        fewest, most = self.replicas or (1, 1)
        reason = "Not 0: the first frame would wait for a pod and a model, and CVAT gives up."
        return {
            "minReplicas": Commented(reason, fewest),
            "maxReplicas": most,
            "targetCPU": Commented("Percent of the CPUs requested; above it pods are added.", 75),
        }

    def _trigger(self) -> dict[str, Any]:
        port = {} if self.port is None else {"port": self.port}
        return {
            "kind": "http",
            "name": "http",
            "numWorkers": Commented(
                "Each worker holds a model of its own. Older Nuclio reads maxWorkers.", self.workers
            ),
            "maxWorkers": self.workers,
            "workerAvailabilityTimeoutMilliseconds": Commented(
                "A frame waits this long for a worker before Nuclio answers 503.",
                WORKER_WAIT_MILLISECONDS,
            ),
            "attributes": {
                "maxRequestBodySize": Commented(
                    "Pictures arrive as base64; Nuclio's own limit of 4 MiB is less than a "
                    "photograph.",
                    MAX_BODY_BYTES,
                ),
                **port,
            },
        }

    def _platform(self) -> dict[str, Any]:
        if self.platform == "kubernetes":
            return {} if self.port is None else {"serviceType": "NodePort"}
        reason = "Start the function again when it ends, and with Docker."
        return {
            "platform": {"attributes": {"restartPolicy": Commented(reason, {"name": "always"})}}
        }


def function_name(text: str) -> str:
    """Return `text` as a name that Nuclio takes: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:56].strip("-") or "auto-annotate"
