"""The Dockerfiles as text: what a build would show too late, or not at all."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def run(*command: str | Path) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_the_gpu_dockerfile_is_made_from_the_other() -> None:
    made = run(ROOT / "scripts" / "cuda-dockerfile")
    assert made == (ROOT / "Dockerfile.cuda").read_text(), (
        "Dockerfile changed: run ./scripts/cuda-dockerfile > Dockerfile.cuda"
    )


def test_the_two_differ_where_they_must() -> None:
    changed = set((ROOT / "Dockerfile.cuda").read_text().splitlines()) - set(
        DOCKERFILE.splitlines()
    )
    assert {line for line in changed if not line.startswith("#")} == {
        "ARG TORCH_INDEX=",
        "ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility NVIDIA_VISIBLE_DEVICES=all",
        'LABEL org.opencontainers.image.title="auto-annotate with CUDA"',
    }


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_hadolint_has_no_complaint(name: str) -> None:
    run(Path(sys.executable).with_name("hadolint"), ROOT / name)


def test_the_bases_are_the_real_ones() -> None:
    arguments = dict(re.findall(r"^ARG (\w+)=(.+)$", DOCKERFILE, re.MULTILINE))
    assert arguments["BASE_IMAGE"] == "python:3.11-slim-bookworm"
    assert arguments["NUCLIO_IMAGE"] == "quay.io/nuclio/handler-builder-python-onbuild"
    assert arguments["TORCH_INDEX"] == "https://download.pytorch.org/whl/cpu"
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {
        "${BASE_IMAGE}",
        "${NUCLIO_IMAGE}:${NUCLIO_VERSION}-${NUCLIO_ARCH}",
        "installer",
        "mmrotate-operations",
        "system",
    }


def test_an_offline_builder_can_read_it() -> None:
    # A `# syntax=` line makes BuildKit pull its frontend from the internet.
    assert "# syntax" not in DOCKERFILE


def test_no_layer_is_written_twice() -> None:
    assert not re.search(r"\bchown\b(?!=)", DOCKERFILE)


def test_opencv_comes_without_a_display() -> None:
    for name in ("mmrotate-0.txt", "mmrotate-1.txt", "runtime.txt", "slim.txt", "test.txt"):
        lock = (ROOT / "requirements" / name).read_text()
        assert re.findall(r"^opencv[a-z-]*", lock, re.MULTILINE) == ["opencv-python-headless"]


def test_the_slim_image_has_the_versions_of_the_other() -> None:
    locks = [
        set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("slim.txt", "runtime.txt")
    ]
    assert locks[0] < locks[1]


def test_the_images_for_mmrotate_have_what_the_handler_needs() -> None:
    needed, there = (
        set((ROOT / "requirements" / name).read_text().split())
        for name in ("slim.in", "mmrotate.in")
    )
    assert needed - there == {"onnxruntime", "openvino"}
