"""./scripts/build, with a stand-in for Docker that prints what it is asked for."""

import os
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCKER = """#!/bin/sh
if [ "$1" = image ]; then echo 2500000000; exit; fi
echo "BUILDKIT $DOCKER_BUILDKIT INDEX ${TORCH_INDEX-unset}"
printf '%s\\n' "$@"
"""
Build = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{tmp_path}:{os.environ['PATH']}"
        return subprocess.run(
            [ROOT / "scripts" / "build", *arguments],
            env={"PATH": path, "TORCH_INDEX": "https://index.example/cpu"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_cpu_image_takes_torch_from_the_index_for_it(build: Build) -> None:
    output = build().stdout
    assert "BUILDKIT 1 INDEX https://index.example/cpu\nbuild\n" in output
    assert "--target\nruntime\n--build-arg\nTORCH_INDEX\n" in output
    tag = f"auto-annotate:{version('auto-annotate')}"
    assert f"--tag\nauto-annotate:latest\n--tag\n{tag}\n" in output
    assert f"Built {tag} (2.50 GB)." in output
    assert f"8080:8080 {tag}\n" in output


def test_the_gpu_image_takes_it_from_pip_s_own(build: Build) -> None:
    output = build("cuda").stdout
    assert "--target\nruntime\n--file\nDockerfile.cuda\n" in output
    assert "--build-arg\nTORCH_INDEX" not in output
    assert f"--tag\nauto-annotate:{version('auto-annotate')}-cuda\n" in output
    assert "auto-annotate:latest" not in output


def test_the_image_without_torch_asks_for_no_index(build: Build) -> None:
    output = build("slim").stdout
    assert "--target\nslim\n" in output
    assert "--build-arg\nTORCH_INDEX" not in output
    assert f"Built auto-annotate:{version('auto-annotate')}-slim (2.50 GB)." in output
    assert "auto-annotate:latest" not in output


@pytest.mark.parametrize(("generation", "end"), [("1", "mmrotate"), ("0", "mmrotate-0")])
def test_each_generation_of_mmrotate_has_a_tag(build: Build, generation: str, end: str) -> None:
    output = build("mmrotate", MMROTATE=generation).stdout
    tag = f"auto-annotate:{version('auto-annotate')}-{end}"
    assert f"--tag\n{tag}\n--target\nmmrotate\n" in output
    assert "--build-arg\nTORCH_INDEX\n--build-arg\nMMROTATE\n" in output
    assert f"Built {tag} (2.50 GB).\nTry it: docker run --rm -v DIR:/weights:ro {tag}" in output
    if generation == "1":
        assert build("mmrotate").stdout == output


@pytest.mark.parametrize("arguments", [("--tag", "mine:1"), ("-t", "mine:1"), ("--tag=mine:1",)])
def test_a_tag_replaces_its_own(build: Build, arguments: tuple[str, ...]) -> None:
    output = build("runtime", *arguments, "--no-cache").stdout
    assert "\n".join((*arguments, "--no-cache")) in output
    assert "auto-annotate:" not in output
    assert "Built mine:1 (2.50 GB)." in output


def test_a_proxy_s_certificates_and_settings_are_secrets(build: Build, tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.touch()
    output = build(CA_BUNDLE="/ca.pem", PIP_CONFIG_FILE=str(config), BUILD_NETWORK="host").stdout
    assert "--secret\nid=ca,src=/ca.pem\n" in output
    assert f"--secret\nid=pip,src={config}\n" in output
    assert "--network\nhost\n" in output
    assert "--secret" not in build(PIP_CONFIG_FILE=os.devnull).stdout


def test_it_explains_itself(build: Build) -> None:
    assert "usage: ./scripts/build" in build("--help").stdout
    wrong = build("gpu")
    assert wrong.returncode == 2
    assert "usage: ./scripts/build" in wrong.stderr


def test_without_docker_it_says_so(build: Build, tmp_path: Path) -> None:
    (tmp_path / "docker").unlink()
    for tool in ("dirname", "git", "sed"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    finished = build(PATH=str(tmp_path))
    assert finished.returncode == 1
    assert "needs Docker" in finished.stderr


@pytest.mark.parametrize(
    ("client", "buildx", "good"), [("28.2.2", 1, False), ("28.2.2", 0, True), ("20.10.24", 1, True)]
)
def test_docker_from_23_on_is_told_what_it_builds_with(
    tmp_path: Path, client: str, buildx: int, good: bool
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        f"""#!/bin/sh
case "$1" in
    version) echo {client} ;;
    buildx) exit {buildx} ;;
    image) echo 2500000000 ;;
esac
"""
    )
    docker.chmod(0o755)
    finished = subprocess.run(
        [ROOT / "scripts" / "build", "slim"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode == 0) == good
    assert ("docker-buildx-plugin" in finished.stderr) != good
