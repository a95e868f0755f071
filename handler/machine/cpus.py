"""How many processors this process may use: of the container, not of the host."""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import cv2

_ROOT = Path("/")


def allowed(root: Path = _ROOT) -> float:
    """Return the least that affinity or a cgroup allows, in processors, which can be a part of one.

    `root` is where /proc and /sys are.
    """
    return min([len(os.sched_getaffinity(0)), *(limit for limit in _limits(root) if limit > 0)])


def available(workers: int = 1, root: Path = _ROOT) -> int:
    """Return on how many threads to compute a frame, at least 1, where `workers` share the machine.

    A part of a processor counts as one: a limit is on time, and one frame does not use it up.
    """
    return max(1, math.ceil(allowed(root)) // workers)


def use(asked: int | None) -> None:
    """Let OpenCV, and torch if it is there, compute on `asked` threads, or on what is available.

    Called before the first prediction, lest it start a thread for each of the host's processors,
    and after it: ultralytics sets both, to none and to one less than those. Unasked, torch is only
    given fewer: beside another busy process one thread more made it several times slower.
    """
    threads = asked or available()
    cv2.setNumThreads(threads)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(asked or min(threads, torch.get_num_threads()))


def _limits(root: Path) -> Iterator[float]:
    """Yield the limit of each cgroup that this process is in, in processors.

    https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and
    https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us).
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    mounts = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            for group in _ancestors(mounts, path):
                quota, period = _words(group / "cpu.max", 2)
                yield _ratio(quota, period)
        elif "cpu" in controllers.split(","):
            for mount in ("cpu", controllers):
                for group in _ancestors(mounts / mount, path):
                    (quota,) = _words(group / "cpu.cfs_quota_us", 1)
                    (period,) = _words(group / "cpu.cfs_period_us", 1)
                    yield _ratio(quota, period)


def _ancestors(mount: Path, path: str) -> Iterator[Path]:
    """Yield a cgroup's folder and those above it; in a container only the mount itself exists."""
    inside = PurePosixPath(path).relative_to("/")
    yield from (mount / each for each in (inside, *inside.parents))


def _words(file: Path, count: int) -> list[str]:
    try:
        return (file.read_text().split() + [""] * count)[:count]
    except OSError:
        return [""] * count


def _ratio(quota: str, period: str) -> float:
    """Return quota / period; 0 where there is no limit (`max`, -1) or no such file."""
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else 0
