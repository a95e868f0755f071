"""What a function.yaml says, and why: the content of the file for its `Parameters`.

Keys and their meaning: Nuclio 1.14 `pkg/functionconfig/types.go`, CVAT 2.73 `lambda_manager`. What
each platform does with them: `pkg/platform/local/platform.go`, `pkg/platform/kube/functionres`.
"""

from typing import Any

from handler.cvat.spec import spec_of
from handler.nuclio.commented import Commented, to_json
from handler.nuclio.limits import (
    DEFAULT_CLAIM,
    MAX_BODY_BYTES,
    MOUNT_POINT,
    READINESS_SECONDS,
    USER_ID,
    WORKER_WAIT_MILLISECONDS,
)
from handler.nuclio.parameters import Parameters

# The image's own, as in Dockerfile.
_HEALTH_CHECK = "--start-period=600s --interval=3s CMD python3 -I -S /usr/local/bin/healthcheck.py"
_HEALTH_REASON = "Nuclio's own would call the function ready before the model is loaded."
HEADERS = {
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


def document_of(function: Parameters) -> dict[str, Any]:
    """Return the file's content; some keys are commented."""
    document = {"metadata": _metadata(function), "spec": _spec(function)}
    if function.platform != "kubernetes":
        return document
    waiting = "Nuclio's controller acts on a resource in this state only; nuctl sets it itself."
    return {
        "apiVersion": "nuclio.io/v1beta1",
        "kind": "NuclioFunction",
        **document,
        "status": {"state": Commented(waiting, "waitingForResourceConfiguration")},
    }


def _metadata(function: Parameters) -> dict[str, Any]:
    entries = ",\n".join(f"  {to_json(label)}" for label in spec_of(function.labels))
    return {
        "name": function.name,
        "namespace": "nuclio",
        "labels": {
            "nuclio.io/project-name": Commented(
                "CVAT lists the functions of this project only.", "cvat"
            ),
        },
        "annotations": {
            "name": function.title,
            "type": "detector",
            "spec": Commented(
                "The labels that CVAT shows, made from the weights.", f"[\n{entries}\n]\n"
            ),
        },
    }


def _spec(function: Parameters) -> dict[str, Any]:
    return {
        "description": Commented(
            "CVAT cannot list any of its models when this is empty.", function.description
        ),
        "runtime": "python:3.11",
        **_image(function),
        "imagePullPolicy": Commented(
            "Kubernetes would ask the registry at every start, which fails without internet."
            if function.platform == "kubernetes"
            else "The image is on this host already.",
            "IfNotPresent",
        ),
        "readinessTimeoutSeconds": Commented(
            "Loading a model takes longer than Nuclio's own limit of two minutes expects.",
            READINESS_SECONDS,
        ),
        **_environment(function),
        "resources": _resources(function),
        "volumes": [_weights(function), *_cache(function)],
        "securityContext": _security(function),
        **_replicas(function),
        "triggers": {"http": _trigger(function)},
        **_platform(function),
    }


def _image(function: Parameters) -> dict[str, Any]:
    if function.build_image is None:
        reason = (
            "With build.image in its place Nuclio would start a build, even for nuctl --run-image."
        )
        return {"handler": "handler.main:handler", "image": Commented(reason, function.image)}
    return {
        "handler": Commented("The function `handler` of your main.py.", "main:handler"),
        "build": {
            "image": Commented("What Nuclio calls the image that it makes.", function.build_image),
            "baseImage": Commented("What it makes it from.", function.image),
            "noBaseImagesPull": Commented("Take what is on this host.", True),
            "flags": Commented("For `docker build`: no network at all.", ["--network=none"]),
            "directives": _directives(),
        },
    }


def _directives() -> dict[str, Any]:
    root = {"kind": "USER", "value": "root"}
    check = {"kind": "HEALTHCHECK", "value": Commented(_HEALTH_REASON, _HEALTH_CHECK)}
    user = {"kind": "USER", "value": f"{USER_ID}:{USER_ID}"}
    return {
        "preCopy": Commented("Nuclio adds what it needs from its own files, as root.", [root]),
        "postCopy": [check, user],
    }


def _environment(function: Parameters) -> dict[str, Any]:
    if not function.gpu:
        return {}
    reason = "Without a usable GPU the start fails and says why; it would be slow otherwise."
    return {"env": Commented(reason, [{"name": "ANNOTATE_DEVICE", "value": "cuda"}])}


def _resources(function: Parameters) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if function.cpu is not None or function.platform == "kubernetes":
        limits["cpu"] = function.cpu or "2"
    limits["memory"] = function.memory or ("8Gi" if function.gpu else "4Gi")
    if function.platform == "docker":
        gpu = {"nvidia.com/gpu": Commented("On a Docker host: all GPUs.", 1)}
        return {"limits": {**limits, **(gpu if function.gpu else {})}}
    gpu = {"nvidia.com/gpu": Commented("Makes updates stop the old pod first.", 1)}
    requests = Commented("The autoscaler's target is a share of this.", dict(limits))
    return {"requests": requests, "limits": {**limits, **(gpu if function.gpu else {})}}


def _weights(function: Parameters) -> dict[str, Any]:
    reason = "The model folder: best.pt, and classes.txt and model.yaml if there are any."
    source: dict[str, Any]
    if function.platform == "kubernetes":
        claim = {"claimName": function.weights_claim or DEFAULT_CLAIM, "readOnly": True}
        source = {"persistentVolumeClaim": Commented("Nuclio ignores hostPath here.", claim)}
    else:
        note = "Docker refuses to start the function when this folder does not exist."
        source = {"hostPath": {"path": Commented(note, str(function.weights_path))}}
    return {
        "volume": {"name": Commented(reason, "weights"), **source},
        "volumeMount": {"name": "weights", "mountPath": str(MOUNT_POINT), "readOnly": True},
    }


def _cache(function: Parameters) -> list[dict[str, Any]]:
    """Return the volume of the cache; on Docker it is the container's own folder, as Nuclio mounts
    nothing there but folders that exist and that the function's user would have to own.
    """
    if function.platform == "docker" or function.gpu:
        return []
    reason = "A .pt is exported into it at the first start; a claim would outlive the pod."
    return [
        {
            "volume": {"name": Commented(reason, "cache"), "emptyDir": {}},
            "volumeMount": {"name": "cache", "mountPath": "/cache"},
        }
    ]


def _security(function: Parameters) -> dict[str, Any]:
    user = {"runAsUser": USER_ID, "runAsGroup": USER_ID}
    if function.platform == "docker":
        reason = "The image's own user; the folder with the weights has to be readable for it."
        return {"runAsUser": Commented(reason, USER_ID), "runAsGroup": USER_ID}
    return {
        "runAsNonRoot": True,
        **user,
        "fsGroup": USER_ID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _replicas(function: Parameters) -> dict[str, Any]:
    if function.platform == "docker":
        return {}
    fewest, most = function.replicas or (1, 1)
    reason = "Not 0: the first frame would wait for a pod and a model, and CVAT gives up."
    return {
        "minReplicas": Commented(reason, fewest),
        "maxReplicas": most,
        "targetCPU": Commented("Percent of the CPUs requested; above it pods are added.", 75),
    }


def _trigger(function: Parameters) -> dict[str, Any]:
    port = {} if function.port is None else {"port": function.port}
    return {
        "kind": "http",
        "name": "http",
        "numWorkers": Commented(
            "Each worker holds a model of its own. Older Nuclio reads maxWorkers.", function.workers
        ),
        "maxWorkers": function.workers,
        "workerAvailabilityTimeoutMilliseconds": Commented(
            "A frame waits this long for a worker before Nuclio answers 503.",
            WORKER_WAIT_MILLISECONDS,
        ),
        "attributes": {
            "maxRequestBodySize": Commented(
                "Pictures arrive as base64; Nuclio's own limit of 4 MiB is less than a photograph.",
                MAX_BODY_BYTES,
            ),
            **port,
        },
    }


def _platform(function: Parameters) -> dict[str, Any]:
    if function.platform == "kubernetes":
        return {} if function.port is None else {"serviceType": "NodePort"}
    reason = "Start the function again when it ends, and with Docker."
    return {"platform": {"attributes": {"restartPolicy": Commented(reason, {"name": "always"})}}}
