"""Resources, replicas, and what the image is pulled and run with."""

import re
from collections.abc import Iterator
from typing import Any

from handler.rules.function_file import FunctionFile, table, whole
from handler.rules.rule import Rules, setting

RULES: Rules[FunctionFile] = Rules("Nuclio")
rule = RULES

GPU = "nvidia.com/gpu"
_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
}  # fmt: skip
_CONTAINER_SECURITY = (
    "allowPrivilegeEscalation", "capabilities", "privileged", "readOnlyRootFilesystem",
)  # fmt: skip


def quantity(value: Any) -> float | None:
    """Return a Kubernetes quantity such as 500m or 4Gi as a number; None if it is not one."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?)([a-zA-Z]*)", str(value))
    if match is None or match[2] not in _SUFFIXES:
        return None
    return float(match[1]) * _SUFFIXES[match[2]]


@rule(
    "quantity",
    "error",
    "requests and limits are Kubernetes quantities",
    "Write CPUs as 2 or 500m, memory as 4Gi.",
)
def _quantity(function: FunctionFile) -> Iterator[str]:
    for kind in ("requests", "limits"):
        for name, value in function.resources(kind).items():
            if quantity(value) is None:
                yield f"resources.{kind}.{name} is {value!r}, not a quantity"


@rule(
    "requests-over-limits",
    "error",
    "no request is larger than its limit",
    "Raise the limit or lower the request.",
)
def _requests_over_limits(function: FunctionFile) -> Iterator[str]:
    limits = function.resources("limits")
    for name, value in function.resources("requests").items():
        request, limit = quantity(value), quantity(limits.get(name))
        if request is not None and limit is not None and request > limit:
            yield f"The function requests {value} of {name}, more than its limit of {limits[name]}"


@rule(
    "gpu-limit",
    "error",
    f"a GPU stands under `resources.limits`, as a whole number of `{GPU}`",
    f"Write `{GPU}: 1` under resources.limits.",
)
def _gpu_limit(function: FunctionFile) -> Iterator[str]:
    limit = function.resources("limits").get(GPU)
    if limit is None and GPU in function.resources("requests"):
        yield "The GPU is requested but not in the limits: the function gets none"
    elif limit is not None and not (quantity(limit) or 0.0).is_integer():
        yield f"The limit of GPUs is {limit}, not a whole number"


@rule(
    "replicas",
    "error",
    "replicas are not negative, the most not fewer than the fewest, and not 0",
    "Write both, such as `minReplicas: 1` and `maxReplicas: 4`.",
)
def _replicas(function: FunctionFile) -> Iterator[str]:
    fewest, most = (whole(function.spec.get(key)) for key in ("minReplicas", "maxReplicas"))
    if most is not None and most < 1:
        yield f"maxReplicas is {most}"
    elif fewest is not None and most is not None and fewest > most:
        yield f"minReplicas is {fewest}, maxReplicas {most}: Nuclio refuses that"
    elif fewest is not None and fewest < 0:
        yield f"minReplicas is {fewest}"
    elif fewest == 0 and most is None:
        yield "minReplicas is 0 without maxReplicas: Nuclio refuses that"


@rule(
    "scale-to-zero",
    "warning",
    "at least one replica is always there",
    "Write `minReplicas: 1`.",
    setting("spec", "minReplicas", 1),
)
def _scale_to_zero(function: FunctionFile) -> Iterator[str]:
    fewest, most = (whole(function.spec.get(key)) for key in ("minReplicas", "maxReplicas"))
    if (fewest == 0 and most is not None and most > 0) or function.spec.get("replicas") == 0:
        yield "With 0 replicas the first frame waits for a pod and a model, and CVAT gives up"


@rule(
    "replicas-on-docker",
    "warning",
    "replicas are for Kubernetes",
    "Leave replicas out: on Docker a function is one container; numWorkers is what counts there.",
)
def _replicas_on_docker(function: FunctionFile) -> Iterator[str]:
    for key in ("replicas", "minReplicas", "maxReplicas"):
        number = whole(function.spec.get(key))
        if function.platform == "docker" and number is not None and number > 1:
            yield f"On Docker Nuclio ignores {key}: {number}"


@rule(
    "image-pull-policy",
    "warning",
    "on Kubernetes, `spec.imagePullPolicy` is IfNotPresent or Never",
    "Write `imagePullPolicy: IfNotPresent` under spec.",
    setting("spec", "imagePullPolicy", "IfNotPresent"),
)
def _image_pull_policy(function: FunctionFile) -> Iterator[str]:
    policy = function.spec.get("imagePullPolicy")
    if function.platform == "kubernetes" and policy not in ("IfNotPresent", "Never"):
        yield "Kubernetes asks the registry at every start, which fails without internet"


@rule(
    "container-security",
    "warning",
    "`spec.securityContext` has what holds for a whole pod",
    "Leave it out: the image works with a user of its own and without capabilities.",
)
def _container_security(function: FunctionFile) -> Iterator[str]:
    for key in table(function.spec.get("securityContext")):
        if key in _CONTAINER_SECURITY:
            yield f"Nuclio's securityContext is the pod's, and a pod has no {key}"
