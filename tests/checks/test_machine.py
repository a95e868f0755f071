import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler.checks.machine import RULES, Host
from handler.machine.docker import Images
from handler.machine.machine import Gpu, Machine, gpus_of, peak_memory
from handler.rules.function_file import FunctionFile
from tests.function_files import GOOD, changed

GIB = 2**30
MACHINE = Machine(frozenset({"sse2", "avx2"}), host_cpus=8, cpus=4.0, memory=16 * GIB)
H100 = Gpu("NVIDIA H100", "580.65.06", 80 * GIB)
GPU_LIMIT = {"spec resources limits nvidia.com/gpu": 1}


def function(changes: dict[str, Any] | None = None, folder: Path | None = None) -> FunctionFile:
    path = {"spec volumes 0 volume hostPath path": str(folder)} if folder else {}
    return FunctionFile(changed(GOOD["docker"], (changes or {}) | path))


def found(host: Host) -> set[str]:
    return {f.rule for rule in RULES for f in rule.findings(host)} - {"machine-summary"}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    (tmp_path / "best.pt").touch(0o644)
    tmp_path.chmod(0o755)
    return tmp_path


def test_a_machine_that_is_large_enough_is_clean(weights: Path) -> None:
    assert found(Host(MACHINE, function(folder=weights), peak=GIB)) == set()


@pytest.mark.parametrize(
    ("name", "machine", "changes", "peak"),
    [
        ("cpu-features", {"cpu_flags": frozenset({"sse2"})}, {}, None),
        ("cpu-limit", {"cpus": 0.5}, {}, None),
        ("memory-limit", {}, {"spec resources limits memory": "512Mi"}, GIB),
        ("memory-limit", {}, {"spec triggers http numWorkers": 5}, GIB),
        ("memory", {"memory": GIB}, {}, 2 * GIB),
        ("gpu", {}, GPU_LIMIT, None),
        ("gpu-driver", {"gpus": (Gpu("NVIDIA T4", "535.1", 16 * GIB),)}, GPU_LIMIT, None),
    ],
)
def test_what_a_machine_lacks_is_caught_by_its_rule_alone(
    name: str, machine: dict[str, Any], changes: dict[str, Any], peak: int | None, weights: Path
) -> None:
    host = Host(Machine(**vars(MACHINE) | machine), function(changes, weights), peak)
    assert found(host) == {name}


def test_a_gpu_with_a_new_driver_is_clean(weights: Path) -> None:
    host = Host(Machine(**vars(MACHINE) | {"gpus": (H100,)}), function(GPU_LIMIT, weights))
    assert found(host) == set()


def test_a_folder_that_is_not_there_is_pointed_out(tmp_path: Path) -> None:
    assert found(Host(MACHINE, function(folder=tmp_path / "models"))) == {"host-folder"}


@pytest.mark.parametrize("name", [".", "best.pt"])
def test_weights_that_only_their_owner_can_read_are_pointed_out(weights: Path, name: str) -> None:
    (weights / name).chmod(0o700)
    assert found(Host(MACHINE, function(folder=weights))) == {"host-folder-readable"}


def test_a_cache_that_the_function_s_user_cannot_write_is_pointed_out(
    weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    volumes = function(folder=weights).spec["volumes"]
    volumes.append(
        {
            "volume": {"name": "cache", "hostPath": {"path": str(cache)}},
            "volumeMount": {"name": "cache", "mountPath": "/cache"},
        }
    )
    host = Host(MACHINE, function({"spec volumes": volumes}))
    cache.chmod(0o755)
    assert found(host) == {"cache-folder-writable"}
    cache.chmod(0o777)
    assert found(host) == set()


IMAGES = Images("auto-annotate:1", is_there=True, has_health_check=True, helper_is_there=True)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("image-there", {"is_there": False, "has_health_check": False}),
        ("image-health-check", {"has_health_check": False}),
        ("helper-image", {"helper_is_there": False}),
    ],
)
def test_what_docker_lacks_is_caught_by_its_rule_alone(
    name: str, changes: dict[str, Any], weights: Path
) -> None:
    good = Host(MACHINE, function(folder=weights), images=IMAGES)
    assert found(good) == set()
    assert found(replace(good, images=replace(IMAGES, **changes))) == {name}


def test_a_build_brings_its_own_health_check(weights: Path) -> None:
    built = function({"spec build": {"image": "cars:1", "baseImage": "base:1"}}, weights)
    images = replace(IMAGES, has_health_check=False)
    assert found(Host(MACHINE, built, images=images)) == set()


@pytest.mark.skipif(Images.read("any") is None, reason="there is no Docker")
def test_docker_is_asked_for_the_image() -> None:
    host = Host.read(function({"spec image": "nowhere.example/annotate:1"}), None)
    assert host.images is not None
    assert not host.images.is_there
    assert Host.read(None, None).images is None


def test_without_docker_nothing_is_said_about_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert Host.read(function(), None).images is None


def test_every_rule_is_tested() -> None:
    tested = {"cpu-features", "cpu-limit", "memory-limit", "memory", "gpu", "gpu-driver"}
    tested |= {"host-folder", "host-folder-readable", "machine-summary"}
    tested |= {"cache-folder-writable"}
    tested |= {"image-there", "image-health-check", "helper-image"}
    assert tested == {rule.name for rule in RULES}


def test_the_summary_names_cpus_memory_and_gpus() -> None:
    host = Host(Machine(**vars(MACHINE) | {"gpus": (H100,)}))
    (summary,) = [f.finding for rule in RULES for f in rule.findings(host)]
    assert summary == ("4 of 8 CPUs (AVX2), 16.0 GiB of memory, NVIDIA H100 (driver 580.65.06)")


CPUINFO = "processor\t: 0\nflags\t\t: sse2 avx2\n\nprocessor\t: 1\nflags\t\t: sse2 avx2\n"


def _machine(root: Path, files: dict[str, str]) -> Machine:
    proc = {"proc/cpuinfo": CPUINFO, "proc/meminfo": "MemTotal:  8388608 kB\n"}
    for name, text in (proc | files).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Machine.read(root)


V2 = "sys/fs/cgroup/"
V1 = "sys/fs/cgroup/cpu/cpu.cfs_"
IN_V2, IN_V1 = {"proc/self/cgroup": "0::/\n"}, {"proc/self/cgroup": "3:cpu,cpuacct:/\n"}


@pytest.mark.parametrize(
    ("files", "cpus", "memory"),
    [
        ({}, 2, 8 * GIB),
        (
            IN_V2 | {V2 + "cpu.max": "150000 100000\n", V2 + "memory.max": f"{2 * GIB}\n"},
            1.5,
            2 * GIB,
        ),
        (IN_V2 | {V2 + "cpu.max": "max 100000\n", V2 + "memory.max": "max\n"}, 2, 8 * GIB),
        (IN_V1 | {V1 + "quota_us": "50000\n", V1 + "period_us": "100000\n"}, 0.5, 8 * GIB),
        (IN_V1 | {V1 + "quota_us": "-1\n", V1 + "period_us": "100000\n"}, 2, 8 * GIB),
        ({V2 + "memory/memory.limit_in_bytes": f"{GIB}\n"}, 2, GIB),
        ({V2 + "memory/memory.limit_in_bytes": "9223372036854771712\n"}, 2, 8 * GIB),
    ],
)
def test_limits_of_both_kinds_of_cgroup_are_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    cpus: float,
    memory: int,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    machine = _machine(tmp_path, files)
    assert (machine.cpus, machine.memory, machine.host_cpus) == (cpus, memory, 2)
    assert machine.cpu_flags == {"sse2", "avx2"}


def test_this_machine_can_be_read() -> None:
    machine = Machine.read()
    assert 0 < machine.cpus <= machine.host_cpus
    assert machine.memory > GIB // 4


def test_gpus_are_read_from_the_driver_s_list() -> None:
    listing = "NVIDIA H100 80GB HBM3, 580.65.06, 81559\nOrin (nvgpu), 540.4.0, [N/A]\n"
    assert gpus_of(listing) == (
        Gpu("NVIDIA H100 80GB HBM3", "580.65.06", 81559 * 2**20),
        Gpu("Orin (nvgpu)", "540.4.0", 0),
    )


def test_peak_memory_is_that_of_this_process_alone() -> None:
    ballast = b"x" * 300 * 2**20
    assert (peak_memory() or 0) > len(ballast)
    code = "from handler.machine.machine import peak_memory; print(peak_memory())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert 2**20 < int(child.stdout) < len(ballast)


def test_peak_memory_is_unknown_where_the_kernel_does_not_say(tmp_path: Path) -> None:
    assert peak_memory(tmp_path) is None
