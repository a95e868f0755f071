import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import torch

from handler.machine import cpus
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO


@pytest.fixture(autouse=True)
def _host_of_sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


V2 = {"proc/self/cgroup": "0::/\n"}
V1 = {"proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 16),
        (V2, 16),
        (V2 | {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 16),
        (V2 | {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/cpu.max": "20000 100000\n"}, 1),
        (V2 | {"sys/fs/cgroup/cpu.max": "9900000 100000\n"}, 16),
        (
            {
                "proc/self/cgroup": "0::/pod/container\n",
                "sys/fs/cgroup/pod/cpu.max": "300000 100000\n",
                "sys/fs/cgroup/pod/container/cpu.max": "max 100000\n",
            },
            3,
        ),
        (
            V1
            | {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            V1
            | {
                "sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
    ],
)
def test_the_container_s_limit_goes_over_the_host_s_processors(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    assert cpus.available(root=write(tmp_path, files)) == expected


def test_a_part_of_a_processor_is_allowed_and_its_thread_counts_as_one(tmp_path: Path) -> None:
    root = write(tmp_path, V2 | {"sys/fs/cgroup/cpu.max": "150000 100000\n"})
    assert (cpus.allowed(root), cpus.available(root=root)) == (1.5, 2)


@pytest.mark.parametrize(("workers", "expected"), [(1, 16), (2, 8), (3, 5), (16, 1), (40, 1)])
def test_workers_share_the_processors(tmp_path: Path, workers: int, expected: int) -> None:
    assert cpus.available(workers, tmp_path) == expected


def test_pinned_to_one_processor_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert cpus.available(root=tmp_path) == 1


@pytest.fixture
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


@pytest.mark.usefixtures("_threads_as_before")
def test_a_loaded_model_computes_on_the_threads_that_are_set() -> None:
    for threads in (1, 2):
        Service.load(Settings(weights=DEMO, threads=threads))
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (threads, threads)


@pytest.mark.usefixtures("_threads_as_before")
@pytest.mark.parametrize(("available", "expected"), [(1, 1), (16, 2)])
def test_unasked_torch_is_given_fewer_threads_never_more(
    monkeypatch: pytest.MonkeyPatch, available: int, expected: int
) -> None:
    monkeypatch.setattr(cpus, "available", lambda: available)
    torch.set_num_threads(2)
    cpus.use(None)
    assert torch.get_num_threads() == expected


def test_imports_start_no_threads() -> None:
    code = "import handler.pictures.decoding, os; print(len(os.listdir('/proc/self/task')))"
    environment = {key: value for key, value in os.environ.items() if "_NUM_THREADS" not in key}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert run.stdout == b"1\n"
