"""A CPU limit of one core, on a host that has more, as a container's is made."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000  # microseconds
_LIMITS = (
    (_ROOT / "cpu", "cpu.cfs_quota_us", f"{_PERIOD}"),  # v1
    (_ROOT, "cpu.max", f"{_PERIOD} {_PERIOD}"),  # v2
)
_INTO_GROUP = 'echo $$ > "$0" && exec "$@"'


@contextmanager
def one_core() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield a command that starts commands under the limit, and how it holds them.

    A cgroup where we may make one, which is what `docker run --cpus=1` does; else taskset, under
    which the host has one processor; else nothing.
    """
    group = _group_of_one_core()
    taskset = shutil.which("taskset")
    if group is not None:
        try:
            yield ("/bin/sh", "-c", _INTO_GROUP, str(group / "cgroup.procs")), "cgroup"
        finally:
            group.rmdir()
    elif taskset is not None:
        yield (taskset, "--cpu-list", str(min(os.sched_getaffinity(0)))), "taskset"
    else:
        yield (), "nothing"


def _group_of_one_core() -> Path | None:
    for controller, file, limit in _LIMITS:
        group = controller / f"auto-annotate-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            with (group / file).open("r+") as written:  # "r+": it has to be the kernel's
                written.write(limit)
        except OSError:
            group.rmdir()
        else:
            return group
    return None
