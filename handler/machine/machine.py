"""What this machine, or this container, has.

Limits: of processors those of `machine.cpus`, of memory the kernel's cgroup v2 (`memory.max`) and
v1 (`memory.limit_in_bytes`). Features: `flags` in /proc/cpuinfo. GPUs: `nvidia-smi`.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from handler.machine import cpus

_NO_LIMIT = 2**60  # cgroup v1 writes the largest page-aligned number for "none"


@dataclass(frozen=True)
class Gpu:
    """A GPU as the driver names it; `memory` in bytes."""

    name: str
    driver: str
    memory: int


@dataclass(frozen=True)
class Machine:
    """cpus: how many this process may use, of the host's. memory: in bytes, the least of both."""

    cpu_flags: frozenset[str]
    host_cpus: int
    cpus: float
    memory: int
    gpus: tuple[Gpu, ...] = ()
    cpu_name: str = ""

    @classmethod
    def read(cls, root: Path = Path("/")) -> "Machine":
        """Read the machine whose file system is at `root`; its GPUs if that is this one's."""
        cpuinfo = _text(root / "proc/cpuinfo")
        host_cpus = max(1, cpuinfo.count("processor\t:"))
        return cls(
            cpu_flags=cpu_flags(root),
            host_cpus=host_cpus,
            cpus=min(float(host_cpus), cpus.allowed(root)),
            memory=memory(root),
            gpus=read_gpus() if root == Path("/") else (),
            cpu_name=_field(cpuinfo, "model name"),
        )


def cpu_flags(root: Path = Path("/")) -> frozenset[str]:
    """Return what the processor can do, by the kernel's names."""
    return frozenset(_field(_text(root / "proc/cpuinfo"), "flags", "Features").split())


def memory(root: Path = Path("/")) -> int:
    """Return the bytes that the host has, or the container may use where these are fewer."""
    limit = _memory_limit(root / "sys/fs/cgroup")
    return min(_host_memory(_text(root / "proc/meminfo")), limit)


def peak_memory(root: Path = Path("/")) -> int | None:
    """Return the most bytes that this process has held; None where the kernel does not say.

    `VmHWM` of /proc/self/status: getrusage counts what the parent held before it started this.
    """
    return _held(root, "VmHWM:")


def resident_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process holds now; None where the kernel does not say."""
    return _held(root, "VmRSS:")


def _held(root: Path, field: str) -> int | None:
    for line in _text(root / "proc/self/status").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _field(cpuinfo: str, *names: str) -> str:
    for line in cpuinfo.splitlines():
        if line.startswith(names):
            return line.partition(":")[2].strip()
    return ""


def _host_memory(meminfo: str) -> int:
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return _NO_LIMIT


def _memory_limit(cgroup: Path) -> int:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        text = _text(cgroup / name).strip()
        if text.isdigit():
            return int(text)
    return _NO_LIMIT


def read_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs that NVIDIA's driver shows; none without a driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = "--query-gpu=name,driver_version,memory.total"
    try:
        listed = subprocess.run(  # noqa: S603 - the program's path is from PATH, nothing else is
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return gpus_of(listed.stdout)


def gpus_of(listing: str) -> tuple[Gpu, ...]:
    """Return the GPUs in nvidia-smi's list: name, driver, memory in MiB, one a line."""
    gpus = []
    for line in listing.splitlines():
        name, driver, memory = (part.strip() for part in line.rsplit(",", 2))
        gpus.append(Gpu(name, driver, int(memory) * 2**20 if memory.isdigit() else 0))
    return tuple(gpus)
