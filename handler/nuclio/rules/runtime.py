"""The runtime, its time limits and its environment."""

import re
from collections.abc import Iterator

from handler.errors import SettingsError
from handler.nuclio.limits import READINESS_SECONDS
from handler.rules.function_file import FunctionFile, table, whole
from handler.rules.rule import Rules, dropping, setting
from handler.settings import PREFIX, Settings

RULES: Rules[FunctionFile] = Rules("Nuclio")
rule = RULES

CVAT_TIMEOUT_SECONDS = 120
LEAST_READINESS_SECONDS = 300
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_TERM = r"(\d+\.?\d*)(ns|us|µs|ms|s|m|h)"


def seconds(duration: str) -> float | None:
    """Return a Go duration such as 1m30s in seconds; None if it is not one."""
    if not re.fullmatch(f"({_TERM})+", duration):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_TERM, duration))


@rule(
    "runtime",
    "error",
    "`spec.runtime` is a Python that Nuclio knows",
    "Write `runtime: python:3.11` under spec.",
)
def _runtime(function: FunctionFile) -> Iterator[str]:
    runtime = function.spec.get("runtime")
    if runtime is None:
        yield "The file names no runtime"
    elif not re.fullmatch(r"python(:3\.(9|1\d))?", str(runtime)):
        yield f"Nuclio does not have the runtime {runtime!r}, or not any more"


@rule(
    "handler",
    "error",
    "`spec.handler` is MODULE:FUNCTION",
    "Write `handler: handler.main:handler` under spec: it is in our image.",
)
def _handler(function: FunctionFile) -> Iterator[str]:
    handler = function.spec.get("handler")
    if not re.fullmatch(r"[\w./-]+:\w+", str(handler or "")):
        said = f"The handler is {handler!r}" if handler else "The file names no handler"
        yield f"{said}: Nuclio does not know which function to call"


@rule(
    "event-timeout",
    "error",
    f"`spec.eventTimeout`, if there is one, is {CVAT_TIMEOUT_SECONDS}s or more",
    "Leave eventTimeout out.",
    dropping("spec", "eventTimeout"),
)
def _event_timeout(function: FunctionFile) -> Iterator[str]:
    timeout = function.spec.get("eventTimeout")
    if not timeout:
        return
    limit = seconds(str(timeout))
    if limit is None:
        yield f"eventTimeout is {timeout!r}, not a time such as 120s: the function cannot start"
    elif limit < CVAT_TIMEOUT_SECONDS:
        yield (
            f"eventTimeout is {timeout}: a frame that takes longer, such as the first one or a "
            "large one, kills the worker, and the model is loaded again. "
            f"CVAT itself waits {CVAT_TIMEOUT_SECONDS} s"
        )


@rule(
    "readiness-timeout",
    "warning",
    f"`spec.readinessTimeoutSeconds` is {LEAST_READINESS_SECONDS} or more",
    f"Write `readinessTimeoutSeconds: {READINESS_SECONDS}` under spec.",
    setting("spec", "readinessTimeoutSeconds", READINESS_SECONDS),
)
def _readiness_timeout(function: FunctionFile) -> Iterator[str]:
    value = function.spec.get("readinessTimeoutSeconds")
    limit = 120 if value is None else whole(value)
    if limit is not None and limit < LEAST_READINESS_SECONDS:
        unless_set = "" if value is not None else " unless the file says otherwise"
        yield f"Nuclio waits {limit} s for the model to load{unless_set}, then gives up"


@rule(
    "setting",
    "error",
    f"every variable `{PREFIX}*` is a setting, with a value that it takes",
    "See docs/settings.md; the function would end at its start.",
)
def _setting(function: FunctionFile) -> Iterator[str]:
    for name, value in function.environment.items():
        if name.startswith(PREFIX) and value is not None:
            try:
                Settings.from_environment({name: str(value)})
            except SettingsError as error:
                yield str(error)


@rule(
    "secret-in-env",
    "warning",
    "`spec.env` holds no secrets",
    "Take it from a Kubernetes secret (valueFrom.secretKeyRef), or leave it out.",
)
def _secret_in_env(function: FunctionFile) -> Iterator[str]:
    for name, value in function.environment.items():
        if value and re.search(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY", name, re.I):
            yield f"The value of {name} stands in the file, and Nuclio writes it into its log"


@rule(
    "env-characters",
    "warning",
    "values in `spec.env` have no characters that a shell reads",
    "Leave out quotes, $, `, \\, ;, &, | and line breaks.",
)
def _env_characters(function: FunctionFile) -> Iterator[str]:
    for name, value in function.environment.items():
        found = sorted(set(str(value if value is not None else "")) & set("$`\"'\\;&|<>\n"))
        if found:
            listed = " ".join(map(repr, found))
            yield f"The value of {name} has {listed}, which breaks some versions of Nuclio"


@rule(
    "disabled",
    "warning",
    "the function is not disabled",
    "Leave spec.disable out.",
    dropping("spec", "disable"),
)
def _disabled(function: FunctionFile) -> Iterator[str]:
    if function.spec.get("disable"):
        yield "spec.disable is set: Nuclio keeps the function but does not start it"


@rule(
    "platform-attributes",
    "warning",
    "`spec.platform.attributes` has network and restartPolicy only, and only on Docker",
    "Leave it out.",
)
def _platform_attributes(function: FunctionFile) -> Iterator[str]:
    attributes = table(table(function.spec.get("platform")).get("attributes"))
    for key in attributes:
        if function.platform == "kubernetes":
            yield f"Nuclio does not look at platform.attributes.{key} on Kubernetes"
        elif key not in ("network", "restartPolicy"):
            yield f"Nuclio does not look at platform.attributes.{key} any more"


@rule(
    "restart-policy",
    "info",
    "on Docker, the function is started again when it ends or the host restarts",
    "Write `restartPolicy: {name: always}` under spec.platform.attributes.",
)
def _restart_policy(function: FunctionFile) -> Iterator[str]:
    attributes = table(table(function.spec.get("platform")).get("attributes"))
    if function.platform == "docker" and not table(attributes.get("restartPolicy")).get("name"):
        yield "Without a restartPolicy the function stays away after a restart of the host"
