"""Volumes that the platform ignores, refuses or mounts in the wrong place."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from handler.rules.function_file import FunctionFile, table
from handler.rules.rule import Rules

RULES: Rules[FunctionFile] = Rules("Nuclio")
rule = RULES

# What Nuclio's wrapper and its configuration need (nuclio#3637).
_OWN_FOLDERS = ("/opt/nuclio", "/etc/nuclio/config/processor")


def source_of(volume: dict[str, Any]) -> str:
    """Return the kind of a volume, such as hostPath."""
    return next((key for key in volume if key != "name"), "nothing")


@rule(
    "volume-host-path",
    "error",
    "on Kubernetes, volumes are claims, config maps, secrets or empty folders",
    "Copy the model folder into a PersistentVolumeClaim and name that (docs/kubernetes.md).",
)
def _host_path(function: FunctionFile) -> Iterator[str]:
    for volume, mount in function.volumes:
        if function.platform == "kubernetes" and "hostPath" in volume:
            yield (
                f"Nuclio ignores hostPath on Kubernetes: {mount.get('mountPath')} would be "
                f"without the host's {table(volume['hostPath']).get('path')}"
            )


@rule(
    "volume-docker",
    "error",
    "on Docker, volumes are folders of the host",
    "Write `hostPath: {path: /the/folder}`; if the file is for Kubernetes, say "
    "`--platform kubernetes`.",
)
def _docker_volume(function: FunctionFile) -> Iterator[str]:
    for volume, mount in function.volumes:
        if function.platform == "docker" and volume and "hostPath" not in volume:
            yield (
                f"On Docker Nuclio ignores {source_of(volume)}: {mount.get('mountPath')} "
                "would be empty"
            )


@rule(
    "volume-names",
    "error",
    "a volume and its mount have the same name, and volumes of one name are the same",
    "Give each volume and its volumeMount one name.",
)
def _volume_names(function: FunctionFile) -> Iterator[str]:
    seen: dict[str, dict[str, Any]] = {}
    for volume, mount in function.volumes:
        names = {str(each["name"]) for each in (volume, mount) if each.get("name")}
        if len(names) != 1:
            said = " and ".join(sorted(names)) or "nothing"
            yield f"A volume and its mount are called {said}: Nuclio refuses that"
        elif seen.setdefault(name := names.pop(), volume) != volume:
            yield f"Two different volumes are called {name!r}: Nuclio refuses that"


@rule(
    "volume-path",
    "error",
    "volumes are mounted at whole paths, from whole paths",
    "Begin the path with a slash.",
)
def _volume_path(function: FunctionFile) -> Iterator[str]:
    for volume, mount in function.volumes:
        paths = {"mountPath": mount.get("mountPath")}
        if "hostPath" in volume:
            paths["hostPath.path"] = table(volume["hostPath"]).get("path")
        for key, path in paths.items():
            if not str(path or "").startswith("/"):
                yield f"{key} is {path!r}, not a whole path"


@rule(
    "volume-over-nuclio",
    "error",
    f"nothing is mounted over {' or '.join(_OWN_FOLDERS)}",
    "Mount it elsewhere, such as at /weights.",
)
def _over_nuclio(function: FunctionFile) -> Iterator[str]:
    for _, mount in function.volumes:
        path = PurePosixPath(str(mount.get("mountPath") or "."))
        for own in map(PurePosixPath, _OWN_FOLDERS):
            if path.is_absolute() and (path == own or path in own.parents):
                yield f"A volume at {path} hides Nuclio's own {own}: the function cannot start"
                break


def cache_volumes(function: FunctionFile) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return what is mounted where the function keeps exported models: volumes, their mounts."""
    cache = PurePosixPath(str(function.environment.get("ANNOTATE_CACHE") or "/cache"))
    return [
        (volume, mount)
        for volume, mount in function.volumes
        if PurePosixPath(str(mount.get("mountPath"))) == cache
    ]


@rule(
    "cache-volume",
    "warning",
    "what is mounted as the cache can be written",
    "Remove readOnly from the cache's volumeMount.",
)
def _cache_volume(function: FunctionFile) -> Iterator[str]:
    for _, mount in cache_volumes(function):
        if mount.get("readOnly") is True:
            yield f"{mount['mountPath']} is read-only: a .pt is not exported into it, and is slower"


@rule(
    "weights-volume",
    "warning",
    "the model folder is mounted where the function looks for it",
    "Mount it at /weights, as `auto-annotate function` writes it.",
)
def _weights_volume(function: FunctionFile) -> Iterator[str]:
    if function.spec.get("handler") != "handler.main:handler":
        return
    weights = PurePosixPath(str(function.environment.get("ANNOTATE_WEIGHTS") or "/weights"))
    mounts = [PurePosixPath(str(mount.get("mountPath"))) for _, mount in function.volumes]
    if not any(mount == weights or mount in weights.parents for mount in mounts):
        yield f"Nothing is mounted at {weights}, where the function looks for its model"
