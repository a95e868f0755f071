"""Where things stand in the file, and of what kind they are."""

import re
from collections.abc import Iterator
from typing import Any

from handler.errors import nearest
from handler.rules.function_file import FunctionFile, rows, table, whole
from handler.rules.rule import Rules, dropping, part

RULES: Rules[FunctionFile] = Rules("Nuclio")
rule = RULES

# Nuclio 1.14, `pkg/functionconfig/types.go`: Meta, Spec and Trigger.
METADATA_KEYS = ("name", "namespace", "labels", "annotations", "resourceVersion")
SPEC_KEYS = (
    "affinity", "alias", "autoScaleMetrics", "build", "customScalingMetricSpecs", "dataBindings",
    "dealerURI", "deploymentStrategy", "description", "devices", "disable",
    "disableDefaultHTTPTrigger", "disableSensitiveFieldsMasking", "env", "envFrom", "eventTimeout",
    "handler", "hostIPC", "image", "imageHash", "imagePullPolicy", "imagePullSecrets",
    "initContainers", "loggerSinks", "maxReplicas", "minReplicas", "nodeName", "nodeSelector",
    "platform", "preemptionMode", "preemptionPolicy", "priorityClassName", "publish",
    "readinessTimeoutSeconds", "replicas", "resources", "runRegistry", "runtime",
    "runtimeAttributes", "scaleToZero", "securityContext", "serviceAccount", "serviceType",
    "sidecars", "targetCPU", "tolerations", "triggers", "version", "volumes",
    "waitReadinessTimeoutBeforeFailure",
)  # fmt: skip
TRIGGER_KEYS = (
    "annotations", "attributes", "batch", "class", "disabled", "explicitAckMode", "kind",
    "maxWorkers", "max_task_allocation", "name", "numWorkers", "partitions", "password", "paths",
    "secret", "total_tasks", "url", "username", "waitExplicitAckDuringRebalanceTimeout",
    "workerAllocatorName", "workerAvailabilityTimeoutMilliseconds", "workerTerminationTimeout",
)  # fmt: skip
TOP_KEYS = ("apiVersion", "kind", "metadata", "spec", "status")
RESERVED_NAMES = ("dashboard", "controller", "dlx", "scaler")

_TABLES = (
    "metadata", "metadata.labels", "metadata.annotations", "spec", "spec.build", "spec.triggers",
    "spec.resources", "spec.resources.limits", "spec.resources.requests", "spec.platform",
    "spec.platform.attributes", "spec.securityContext",
)  # fmt: skip
_LISTS = ("spec.env", "spec.volumes")
_NUMBERS = (
    "spec.readinessTimeoutSeconds", "spec.replicas", "spec.minReplicas", "spec.maxReplicas",
    "spec.targetCPU",
)  # fmt: skip
_TRIGGER_NUMBERS = ("numWorkers", "maxWorkers", "workerAvailabilityTimeoutMilliseconds")


def _at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for key in path.split("."):
        value = table(value).get(key)
    return value


@rule(
    "value-kind",
    "error",
    "every value is of the kind that Nuclio reads: a table, a list, a whole number",
    "Compare with what `auto-annotate function` writes; numbers have no quotes.",
)
def _value_kind(function: FunctionFile) -> Iterator[str]:
    document = function.document
    for path in ("metadata", "spec"):
        if document.get(path) is None:
            yield f"The file has no {path}"
    kinds = [(dict, _TABLES, "a table"), (list, _LISTS, "a list")]
    for kind, paths, name in kinds:
        for path in paths:
            if not isinstance(_at(document, path), kind | None):
                yield f"{path} is not {name}"
    for path in _NUMBERS:
        if _at(document, path) is not None and whole(_at(document, path)) is None:
            yield f"{path} is {_at(document, path)!r}, not a whole number"
    yield from _rows_and_triggers(function)


def _rows_and_triggers(function: FunctionFile) -> Iterator[str]:
    for key, trigger in table(function.spec.get("triggers")).items():
        if not isinstance(trigger, dict):
            yield f"spec.triggers.{key} is not a table"
        for number in _TRIGGER_NUMBERS:
            value = table(trigger).get(number)
            if value is not None and whole(value) is None:
                yield f"spec.triggers.{key}.{number} is {value!r}, not a whole number"
    for path in _LISTS:
        value = _at(function.document, path)
        if isinstance(value, list) and len(rows(value)) < len(value):
            yield f"{path} has an entry that is not a table"
    for key in ("labels", "annotations"):
        for name, value in table(function.metadata.get(key)).items():
            # A label spec written as YAML is CVAT's to complain about.
            if isinstance(value, dict | list) and name != "spec":
                yield f"metadata.{key}.{name} is not a text"


def _move_in(document: dict[str, Any]) -> None:
    for key in [key for key in document if key not in TOP_KEYS]:
        section = "metadata" if key in METADATA_KEYS else "spec"
        part(document, section).setdefault(key, document.pop(key))


@rule(
    "outside-keys",
    "error",
    "every key stands under `metadata` or `spec`",
    "Indent it under spec (or metadata, for name, labels and annotations).",
    _move_in,
)
def _outside_keys(function: FunctionFile) -> Iterator[str]:
    for key in function.document:
        if key not in TOP_KEYS:
            yield f"{key!r} stands outside metadata and spec, where Nuclio does not look"


@rule(
    "unknown-key",
    "warning",
    "every key is one that Nuclio knows",
    "Correct the spelling, or leave the key out: it has no effect.",
)
def _unknown_key(function: FunctionFile) -> Iterator[str]:
    tables = [("metadata", function.metadata, METADATA_KEYS), ("spec", function.spec, SPEC_KEYS)]
    for key, trigger in function.triggers.items():
        tables.append((f"spec.triggers.{key}", trigger, TRIGGER_KEYS))
    for path, found, known in tables:
        lower = {key.lower() for key in known}
        for key in map(str, found):
            if key.lower() not in lower:
                yield f"Nuclio does not know {path}.{key}. {nearest(key, known)[:120]}"


@rule(
    "platform-name",
    "error",
    "`metadata.name` is none of Nuclio's own, and on Kubernetes one that a service can have",
    "Use small letters, digits and dashes, at most 56.",
)
def _platform_name(function: FunctionFile) -> Iterator[str]:
    name = function.name
    if name in RESERVED_NAMES:
        yield f"{name!r} is the name of a part of Nuclio"
    elif (
        function.platform == "kubernetes"
        and re.fullmatch(r"[a-zA-Z0-9_.-]+", name)  # else CVAT's rule says so already
        and not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,54}[a-z0-9])?", name)
    ):
        yield f"{name!r} cannot be the name of a Kubernetes service"


@rule(
    "skip-annotation",
    "warning",
    "the annotation `skip-build` is not there",
    "Leave it out: with spec.image alone nothing is built.",
    dropping("metadata", "annotations", "skip-build"),
)
def _skip_annotation(function: FunctionFile) -> Iterator[str]:
    if "skip-build" in function.annotations:
        yield "nuctl removes the annotation skip-build before it deploys"
