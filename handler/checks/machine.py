"""Whether this machine, or this container, can run a function well."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler.machine.docker import HELPER_IMAGE, Images
from handler.machine.machine import Machine
from handler.nuclio.limits import USER_ID
from handler.nuclio.rules.build import builds
from handler.nuclio.rules.resources import quantity
from handler.nuclio.rules.volumes import cache_volumes
from handler.rules.function_file import FunctionFile, table, whole
from handler.rules.rule import Rules

# CUDA 13, which our GPU image's torch brings with it, needs this driver or a newer one.
LEAST_DRIVER = 580
_FAST = {"avx512f": "AVX-512", "avx2": "AVX2", "avx512_bf16": "bf16", "amx_tile": "AMX"}


@dataclass(frozen=True)
class Host:
    """A machine and the function that is to run there.

    peak: bytes that this process held at most, once it has loaded the weights; else None.
    images: what Docker says about the function's image; None if it is not asked.
    """

    machine: Machine
    function: FunctionFile | None = None
    peak: int | None = None
    images: Images | None = None

    @classmethod
    def read(cls, function: FunctionFile | None, peak: int | None) -> "Host":
        """Look at this machine, and its Docker if the function is for Docker."""
        images = None
        if function is not None and function.platform == "docker":
            image = function.build.get("baseImage") or function.spec.get("image")
            images = Images.read(str(image or ""))
        return cls(Machine.read(), function, peak, images)

    @property
    def folders(self) -> list[Path]:
        """The folders of the host that the function mounts, on Docker."""
        if self.function is None or self.function.platform != "docker":
            return []
        return _folders(volume for volume, _ in self.function.volumes)

    @property
    def cache_folders(self) -> list[Path]:
        """Those of them that the function keeps exported models in."""
        if self.function is None or self.function.platform != "docker":
            return []
        return _folders(volume for volume, _ in cache_volumes(self.function))

    @property
    def user(self) -> int:
        """The user that the function runs as."""
        security = table(self.function.spec.get("securityContext")) if self.function else {}
        return whole(security.get("runAsUser")) or USER_ID

    @property
    def wants_gpu(self) -> bool:
        """Whether the function asks for a GPU."""
        return self.function is not None and self.function.wants_gpu


def _folders(volumes: Iterable[dict[str, Any]]) -> list[Path]:
    paths = [table(volume.get("hostPath")).get("path") for volume in volumes]
    return [Path(path) for path in paths if isinstance(path, str) and path.startswith("/")]


RULES: Rules[Host] = Rules("machine")
rule = RULES


@rule(
    "cpu-features",
    "warning",
    "an x86 CPU has AVX2",
    "Use a newer machine, or give the virtual machine the host's CPU type.",
)
def _cpu_features(host: Host) -> Iterator[str]:
    flags = host.machine.cpu_flags
    if "sse2" in flags and "avx2" not in flags:
        yield "The CPU has no AVX2, so a model takes several times as long"


@rule(
    "cpu-limit",
    "warning",
    "the machine, or the container's limit, is one CPU or more",
    "Raise the limit (docker run --cpus, resources.limits.cpu).",
)
def _cpu_limit(host: Host) -> Iterator[str]:
    if host.machine.cpus < 1:
        yield f"There are {host.machine.cpus:g} CPUs to run on"


@rule(
    "memory-limit",
    "error",
    "the function's memory limit is more than the model needs",
    "Raise resources.limits.memory, or use fewer workers.",
)
def _memory_limit(host: Host) -> Iterator[str]:
    if host.function is None or host.peak is None:
        return
    limit = quantity(host.function.resources("limits").get("memory"))
    need = host.peak * host.function.workers
    if limit is not None and need > limit:
        yield f"The model needs {_size(need)} here, the function's limit is {_size(limit)}"


@rule(
    "memory",
    "warning",
    "the machine's memory is more than the model needs",
    "Use a machine with more memory, or fewer workers.",
)
def _memory(host: Host) -> Iterator[str]:
    need = (host.peak or 0) * (host.function.workers if host.function else 1)
    if need > host.machine.memory:
        yield f"The model needs {_size(need)}, there are {_size(host.machine.memory)}"


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"


@rule(
    "gpu",
    "warning",
    "a function that wants a GPU runs where there is one",
    "Install NVIDIA's driver and container toolkit, or write the file without --gpu.",
)
def _gpu(host: Host) -> Iterator[str]:
    if host.wants_gpu and not host.machine.gpus:
        yield "The function wants a GPU, and this machine shows none (nvidia-smi)"


@rule(
    "gpu-driver",
    "error",
    f"the GPU's driver is {LEAST_DRIVER} or newer",
    f"Install driver {LEAST_DRIVER} or newer: the GPU image is built for CUDA 13.",
)
def _gpu_driver(host: Host) -> Iterator[str]:
    for gpu in host.machine.gpus:
        match = re.match(r"\d+", gpu.driver)
        if host.wants_gpu and match and int(match[0]) < LEAST_DRIVER:
            yield f"{gpu.name} has driver {gpu.driver}"


@rule(
    "host-folder",
    "warning",
    "the folders that the function mounts exist on this machine",
    "Create the folder and copy the weights there, or write the file again with --weights-path.",
)
def _host_folder(host: Host) -> Iterator[str]:
    for folder in host.folders:
        if not folder.exists():
            yield f"{folder} does not exist here, and Docker would refuse to start the function"


@rule(
    "host-folder-readable",
    "error",
    f"the folders that the function mounts can be read by its user, {USER_ID}",
    "Make them readable: chmod -R a+rX FOLDER.",
)
def _host_folder_readable(host: Host) -> Iterator[str]:
    for folder in host.folders:
        paths = [folder, *sorted(folder.glob("*"))] if folder.is_dir() else []
        for path in paths:
            found, needed = path.stat(), 0o5 if path.is_dir() else 0o4
            if found.st_mode & needed != needed and found.st_uid != host.user:
                yield f"{path} is not readable for the function's user {host.user}"
                break


@rule(
    "cache-folder-writable",
    "warning",
    f"the folder that the function mounts as its cache can be written by its user, {USER_ID}",
    f"Give it to that user: chown {USER_ID} FOLDER.",
)
def _cache_folder_writable(host: Host) -> Iterator[str]:
    for folder in host.cache_folders:
        if folder.is_dir():
            found = folder.stat()
            if found.st_uid != host.user and found.st_mode & 0o2 == 0:
                yield f"{folder} cannot be written by {host.user}: a .pt stays slow"


@rule(
    "image-there",
    "warning",
    "on Docker, the image is on this host",
    "Build it (./scripts/build), pull it (docker pull) or load it (docker load).",
)
def _image_there(host: Host) -> Iterator[str]:
    if host.images and not host.images.is_there:
        yield f"The image {host.images.image} is not on this host"


@rule(
    "image-health-check",
    "error",
    "on Docker, the image has a HEALTHCHECK",
    "Use our image, or add a HEALTHCHECK that asks http://127.0.0.1:8082/ready.",
)
def _image_health_check(host: Host) -> Iterator[str]:
    images = host.images
    if host.function is None or images is None or builds(host.function):  # a build adds one
        return
    if images.is_there and not images.has_health_check:
        yield f"The image {images.image} has no HEALTHCHECK: Nuclio never calls it ready"


@rule(
    "helper-image",
    "warning",
    f"on Docker, Nuclio's helper image {HELPER_IMAGE} is on this host",
    f"Pull {HELPER_IMAGE} where there is internet (3.17 for Nuclio 1.13.0, 3.20 for 1.14), "
    "docker save it and docker load it here.",
)
def _helper_image(host: Host) -> Iterator[str]:
    if host.images and not host.images.helper_is_there:
        yield f"Nuclio starts {HELPER_IMAGE} at every deployment, which fails without internet"


@rule(
    "machine-summary",
    "info",
    "what the machine has is listed",
    "Compare it with docs/check.md.",
)
def _machine_summary(host: Host) -> Iterator[str]:
    machine = host.machine
    features = [name for flag, name in _FAST.items() if flag in machine.cpu_flags]
    gpus = [f"{gpu.name} (driver {gpu.driver})" for gpu in machine.gpus]
    yield (
        f"{machine.cpus:g} of {machine.host_cpus} CPUs ({', '.join(features) or 'plain'}), "
        f"{_size(machine.memory)} of memory, {', '.join(gpus) or 'no GPU'}"
    )
