"""The HTTP trigger: its limits, workers and port."""

from collections.abc import Iterator
from typing import Any

from handler.nuclio.limits import MAX_BODY_BYTES, NODE_PORTS, WORKER_WAIT_MILLISECONDS
from handler.rules.function_file import FunctionFile, table, whole, workers_of
from handler.rules.rule import Mend, Rules, part

RULES: Rules[FunctionFile] = Rules("Nuclio")
rule = RULES

DEFAULT_BODY_BYTES = 4 * 1024 * 1024
LEAST_BODY_BYTES = 32 * 1024 * 1024  # what CVAT's own functions have
DEFAULT_WAIT_MILLISECONDS = 10_000


def _on_http_triggers(change: Mend) -> Mend:
    def mend(document: dict[str, Any]) -> None:
        for trigger in part(document, "spec", "triggers").values():
            if table(trigger).get("kind") == "http":
                change(trigger)

    return mend


@rule(
    "http-trigger",
    "error",
    "the file has one trigger of the kind http",
    "Copy the triggers that `auto-annotate function` writes.",
)
def _http_trigger(function: FunctionFile) -> Iterator[str]:
    count = len(function.http_triggers)
    if count == 0:
        yield "There is no HTTP trigger: Nuclio makes one up that refuses pictures over 3 MB"
    elif count > 1:
        yield f"There are {count} HTTP triggers, and Nuclio takes one"


def _name_by_key(document: dict[str, Any]) -> None:
    for key, trigger in part(document, "spec", "triggers").items():
        if table(trigger).get("name"):
            trigger["name"] = key


@rule(
    "trigger-name",
    "error",
    "a trigger's name is its key",
    "Leave the name out, or write the key's.",
    _name_by_key,
)
def _trigger_name(function: FunctionFile) -> Iterator[str]:
    for key, trigger in function.triggers.items():
        if trigger.get("name") and trigger["name"] != key:
            yield f"The trigger {key!r} is called {trigger['name']!r} inside: Nuclio refuses that"


def _set_body_limit(trigger: dict[str, Any]) -> None:
    part(trigger, "attributes")["maxRequestBodySize"] = MAX_BODY_BYTES


@rule(
    "body-limit",
    "error",
    f"`maxRequestBodySize` is {LEAST_BODY_BYTES} or more",
    f"Write `maxRequestBodySize: {MAX_BODY_BYTES}` under the trigger's attributes.",
    _on_http_triggers(_set_body_limit),
)
def _body_limit(function: FunctionFile) -> Iterator[str]:
    for trigger in function.http_triggers.values():
        value = table(trigger.get("attributes")).get("maxRequestBodySize", DEFAULT_BODY_BYTES)
        limit = whole(value)
        if limit is None:
            yield f"maxRequestBodySize is {value!r}, not a number of bytes"
        elif limit < LEAST_BODY_BYTES:
            yield (
                f"The function refuses requests over {limit / 2**20:.0f} MiB, which is a picture "
                f"of {limit * 3 / 4 / 1e6:.0f} MB: photographs and frames of videos are larger"
            )


@rule(
    "worker-wait",
    "warning",
    f"`workerAvailabilityTimeoutMilliseconds` is {WORKER_WAIT_MILLISECONDS} or more",
    f"Write `workerAvailabilityTimeoutMilliseconds: {WORKER_WAIT_MILLISECONDS}`.",
    _on_http_triggers(
        lambda trigger: trigger.update(
            workerAvailabilityTimeoutMilliseconds=WORKER_WAIT_MILLISECONDS
        )
    ),
)
def _worker_wait(function: FunctionFile) -> Iterator[str]:
    for trigger in function.http_triggers.values():
        value = trigger.get("workerAvailabilityTimeoutMilliseconds", DEFAULT_WAIT_MILLISECONDS)
        wait = whole(value)
        if wait is not None and wait < WORKER_WAIT_MILLISECONDS:
            yield (
                f"A frame that finds the worker busy for {wait / 1000:g} s is refused (503), "
                "and CVAT then ends the whole run"
            )


@rule(
    "workers",
    "error",
    "a trigger has one worker or more",
    "Write `numWorkers: 1` and `maxWorkers: 1`.",
    _on_http_triggers(lambda trigger: trigger.update(numWorkers=1, maxWorkers=1)),
)
def _positive_workers(function: FunctionFile) -> Iterator[str]:
    for key, trigger in function.triggers.items():
        if workers_of(trigger) < 1:
            yield f"The trigger {key!r} has {workers_of(trigger)} workers: nobody answers"


@rule(
    "worker-keys",
    "warning",
    "`numWorkers` and `maxWorkers` say the same",
    "Write both: Nuclio 1.13 and newer read numWorkers, older ones maxWorkers.",
    _on_http_triggers(
        lambda trigger: trigger.update(
            numWorkers=workers_of(trigger), maxWorkers=workers_of(trigger)
        )
    ),
)
def _worker_keys(function: FunctionFile) -> Iterator[str]:
    for trigger in function.http_triggers.values():
        newer, older = (whole(trigger.get(key)) for key in ("numWorkers", "maxWorkers"))
        if older is not None and older != 1 and trigger.get("numWorkers") is None:
            yield f"maxWorkers: {older} is read by old Nuclio only; newer ones use 1 worker"
        elif newer is not None and older is not None and newer != older and newer > 0:
            yield f"numWorkers is {newer} and maxWorkers {older}: it depends on Nuclio's version"


@rule(
    "gpu-workers",
    "warning",
    "a function on a GPU has one worker",
    "Write `numWorkers: 1` and `maxWorkers: 1`, unless the GPU's memory is large enough.",
)
def _gpu_workers(function: FunctionFile) -> Iterator[str]:
    for trigger in function.http_triggers.values():
        workers = workers_of(trigger)
        if function.wants_gpu and workers > 1:
            yield f"{workers} workers load {workers} models into the same GPU"


@rule(
    "port",
    "error",
    "a trigger's port is one from 1 to 65535, on Kubernetes from 30000 to 32767",
    "Choose a port in that range, or leave it out.",
)
def _port(function: FunctionFile) -> Iterator[str]:
    ports = NODE_PORTS if function.platform == "kubernetes" else range(1, 65536)
    for trigger in function.http_triggers.values():
        port = table(trigger.get("attributes")).get("port")
        if port is not None and (whole(port) is None or port not in ports):
            yield f"The port is {port!r}, and {function.platform} gives out {ports[0]}-{ports[-1]}"


@rule(
    "fixed-port",
    "info",
    "on Docker, the function's port is fixed",
    "Add `port: 32001` (any free port) to the trigger's attributes.",
)
def _fixed_port(function: FunctionFile) -> Iterator[str]:
    for trigger in function.http_triggers.values():
        if function.platform == "docker" and not table(trigger.get("attributes")).get("port"):
            yield (
                "Docker chooses the port and can choose another one when the host restarts; "
                "CVAT then calls the old one until the function is deployed again"
            )


@rule(
    "port-published",
    "error",
    "on Docker, the function's port is published",
    "Leave disablePortPublishing out.",
    _on_http_triggers(
        lambda trigger: part(trigger, "attributes").update(disablePortPublishing=False)
    ),
)
def _port_published(function: FunctionFile) -> Iterator[str]:
    for trigger in function.http_triggers.values():
        hidden = table(trigger.get("attributes")).get("disablePortPublishing")
        if function.platform == "docker" and hidden:
            yield "Docker would publish no port for the function, and CVAT calls it by its port"
