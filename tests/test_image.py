"""The image: built as a user builds it, started with nothing allowed, and asked for shapes."""

import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, ROOT, body_of
from tests.containers import (
    DISTRIBUTIONS,
    LOCKED_DOWN,
    Container,
    assert_shapes,
    docker,
    inspect,
    running,
)

pytestmark = pytest.mark.docker

WRITABLE = """
import os
for folder, inner, _ in os.walk("/"):
    if folder in ("/dev", "/proc", "/sys"):
        inner.clear()
    elif os.access(folder, os.W_OK):
        print(folder)
"""
NOT_COMPILED = """
import importlib.util, pathlib
for path in (*pathlib.Path("/opt/torch").rglob("*.py"), *pathlib.Path("/opt/venv").rglob("*.py")):
    if not pathlib.Path(importlib.util.cache_from_source(path)).exists():
        print(path)
"""


@pytest.fixture(scope="session")
def image(build: Callable[..., str]) -> str:
    return build("runtime")


@pytest.fixture(scope="session")
def cuda_image(build: Callable[..., str]) -> str:
    return build("cuda")


@pytest.fixture(scope="module")
def cache() -> Iterator[str]:
    """The option that mounts a volume as the cache, empty at first."""
    name = f"auto-annotate-test-{uuid.uuid4().hex}"
    yield f"--volume={name}:/cache"
    docker("volume", "rm", name)


@pytest.fixture(scope="module")
def container(image: str, cache: str) -> Iterator[Container]:
    """The image as it starts by itself, with nothing allowed."""
    with running(image, options=(cache,)) as started:
        started.wait_until_healthy()
        yield started


@pytest.fixture(scope="session")
def request_body() -> bytes:
    return body_of(EXAMPLES[0].read_bytes())


def test_it_is_not_healthy_before_it_is_ready(image: str) -> None:
    # Whatever answers on the processor's port with anything but 200 is not ready yet.
    check = inspect(image)["Config"]["Healthcheck"]["Test"][1:]
    loop = 'until grep -q ":1F92 " /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done; exec "$@"'
    with running(image, "python", "-m", "http.server", "8082") as started:
        command = ("exec", started.name, "sh", "-c", loop, "sh", *check)
        status, output = docker(*command, check=False)
    assert status == 1
    assert output.strip() == "/ready on port 8082 answers 404"


def test_it_annotates_a_picture(container: Container, request_body: bytes) -> None:
    assert_shapes(container.post(request_body))


def test_a_pt_is_exported_at_the_first_start_only(
    container: Container, image: str, cache: str, request_body: bytes
) -> None:
    assert "exporting /weights/best.pt" in container.log()
    assert " openvino=" in container.log()
    with running(image, options=(cache,)) as again:
        again.wait_until_healthy()
        assert "exporting" not in again.log()
        assert " openvino=" in again.log()
        assert again.post(request_body) == container.post(request_body)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "Read-only file system"),
        (("--tmpfs=/cache:size=4m,uid=10001",), "No space left on device"),
    ],
)
def test_without_room_in_the_cache_a_pt_is_answered_by_torch(
    image: str, request_body: bytes, options: tuple[str, ...], reason: str
) -> None:
    with running(image, options=options) as started:
        started.wait_until_healthy()
        log = started.log()
        assert (
            f"answered by torch, which is slower: the cache /cache cannot be used ({reason})" in log
        )
        assert " torch=" in log
        assert "exporting" not in log
        assert_shapes(started.post(request_body))


def test_it_runs_as_a_user_without_rights(container: Container) -> None:
    assert container.execute("id", "-u", "-n").split() == ["annotate"]
    assert container.execute("id", "-u").split() == ["10001"]


def test_it_writes_to_tmp_and_cache_only(container: Container) -> None:
    folders = container.execute("python", "-c", WRITABLE).split()
    assert {"/tmp", "/cache"} <= set(folders)  # noqa: S108
    assert all(f.startswith(("/tmp", "/cache")) for f in folders), folders  # noqa: S108


def test_it_brings_one_opencv_and_no_installer(container: Container) -> None:
    found = container.execute("python", "-c", DISTRIBUTIONS).split()
    assert {"torch", "torchvision", "ultralytics", "nuclio-sdk", "pillow"} <= set(found)
    assert [name for name in found if "opencv" in name] == ["opencv-python-headless"]
    assert not {"pip", "uv"} & set(found)
    assert len(found) == len(set(found))


def test_its_libraries_are_compiled(container: Container) -> None:
    # torch ships this one in Python 3.12's syntax.
    missing = container.execute("python", "-c", NOT_COMPILED).split()
    assert [path for path in missing if "py312_" not in path] == []


def test_it_ends_cleanly(image: str) -> None:
    with running(image) as started:
        started.wait_until_healthy()
        assert started.stop() == 0, started.log()


def test_it_says_what_it_is(image: str) -> None:
    config = inspect(image)["Config"]
    prefix = "org.opencontainers.image."
    labels = {
        name.removeprefix(prefix): value
        for name, value in config["Labels"].items()
        if name.startswith(prefix)
    }
    assert set(labels) == {
        "base.name", "description", "licenses", "revision", "title", "version",
    }  # fmt: skip
    assert labels["licenses"] == "Apache-2.0 AND AGPL-3.0-only"
    assert labels["revision"] != "unknown" or not (ROOT / ".git").exists()
    version = docker("run", "--rm", *LOCKED_DOWN, image, "auto-annotate", "--version")[1]
    assert labels["version"] in version


def test_it_runs_on_either_platform_without_further_words(image: str) -> None:
    config = inspect(image)["Config"]
    assert config["Entrypoint"] is None
    assert config["Cmd"] == ["start"]
    assert config["User"] == "10001:10001"
    assert "8080/tcp" in config["ExposedPorts"]
    assert "healthcheck.py" in config["Healthcheck"]["Test"][-1]


def test_its_command_annotates_files(image: str) -> None:
    script = "cat > /tmp/page.jpg; auto-annotate annotate /tmp/page.jpg; cat annotated/page.json"
    picture = EXAMPLES[0].read_bytes()
    _, output = docker(
        "run", "--rm", "--interactive", *LOCKED_DOWN, image, "sh", "-euc", script, stdin=picture
    )
    assert_shapes(json.loads(output[output.index("\n[") :]))


def test_it_serves_without_the_processor(image: str, request_body: bytes) -> None:
    command = ("auto-annotate", "serve", "--host", "0.0.0.0", "--port", "8080")  # noqa: S104
    with running(image, *command) as started:
        started.wait_until_healthy()
        assert_shapes(started.post(request_body))
        assert started.stop() == 0, started.log()


@pytest.mark.parametrize("command", [(), ("auto-annotate", "serve")])
def test_without_weights_it_fails_and_says_why(image: str, command: tuple[str, ...]) -> None:
    status, log = docker(
        "run", "--rm", *LOCKED_DOWN, "--env=ANNOTATE_WEIGHTS=/nowhere", image, *command, check=False
    )
    assert status == 1
    assert "/nowhere" in log.splitlines()[-1]
    assert "Mount the folder" in log.splitlines()[-1]
    assert "Traceback" not in log


@pytest.mark.parametrize("changed", ["__init__.py", "cvat/__init__.py", "models/__init__.py"])
def test_a_changed_line_changes_one_layer(
    build: Callable[..., str], image: str, tmp_path: Path, changed: str
) -> None:
    for name in (".dockerignore", "Dockerfile", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    for name in ("deploy", "handler", "requirements", "scripts", "weights"):
        shutil.copytree(ROOT / name, tmp_path / name)
    with (tmp_path / "handler" / changed).open("a") as source:
        source.write("\nCHANGED = True\n")
    for path in (tmp_path / "weights").iterdir():
        path.touch()

    other = build("runtime", root=tmp_path, name="changed")

    layers = inspect(image)["RootFS"]["Layers"], inspect(other)["RootFS"]["Layers"]
    assert [first == second for first, second in zip(*layers, strict=True)].count(False) == 1


def test_the_layers_of_the_handler_are_small(container: Container) -> None:
    rooms = re.findall(r"--from=handler /layer-(\w+)", (ROOT / "Dockerfile").read_text())
    # The photographs are no code, and hardly ever change.
    folders = [f"opt/auto-annotate/handler/{room}" for room in sorted(set(rooms) - {"photographs"})]
    assert len(folders) > 1
    rest = " ".join(f"--exclude={folder}" for folder in folders)
    for files in (f"{rest} opt/auto-annotate", *folders):
        tar = f"tar -C / --exclude=photographs -cz {files} | wc -c"
        packed = int(container.execute("sh", "-c", tar))
        assert 0 < packed < 100_000, files


def test_the_gpu_image_answers_on_a_cpu(cuda_image: str, request_body: bytes) -> None:
    with running(cuda_image) as started:
        started.wait_until_healthy()
        assert_shapes(started.post(request_body))


def test_the_gpu_image_without_a_gpu_says_so_when_one_is_asked_for(cuda_image: str) -> None:
    status, log = docker(
        "run", "--rm", *LOCKED_DOWN, "--env=ANNOTATE_DEVICE=cuda", cuda_image, check=False
    )
    assert status == 1
    assert "cuda" in log.splitlines()[-1].lower()
    assert "Traceback" not in log


def test_the_gpu_image_asks_for_a_gpu(cuda_image: str) -> None:
    config = inspect(cuda_image)["Config"]
    assert "NVIDIA_VISIBLE_DEVICES=all" in config["Env"]
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in config["Env"]
    assert config["Labels"]["org.opencontainers.image.title"] == "auto-annotate with CUDA"
