"""The image without torch: small, for exported models, and clear about all others."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handler.cvat.shapes import to_json
from handler.models.export.export import export
from handler.pictures.decoding import decode
from handler.service import Service
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import DEMO, EXAMPLES, ROOT, body_of
from tests.containers import DISTRIBUTIONS, LOCKED_DOWN, Container, docker, inspect, running

pytestmark = pytest.mark.docker

MOST = 610e6  # 14 of them decode PNGs, five times as fast
REAL_BASE = 125e6  # python:3.11-slim-bookworm
REAL_PROCESSOR = 80e6  # Nuclio's
ANNOTATE = "cat > /tmp/p.jpg; auto-annotate annotate /tmp/p.jpg >/dev/null; cat annotated/p.json"


@pytest.fixture(scope="session")
def slim(build: Callable[..., str]) -> str:
    return build("slim")


@pytest.fixture(scope="module")
def container(slim: str) -> Iterator[Container]:
    """The image as it starts by itself, with nothing allowed."""
    with running(slim) as started:
        started.wait_until_healthy()
        yield started


@pytest.fixture(scope="module")
def onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo model as ONNX."""
    folder = tmp_path_factory.mktemp("demo") / "onnx"
    export(Settings(weights=DEMO, precision="f32"), "onnx", EXAMPLES, folder)
    return folder


def log_of_failed_start(image: str, *options: str) -> str:
    """Return the last line of what a container says that does not get ready."""
    status, log = docker("run", "--rm", *LOCKED_DOWN, *options, image, check=False)
    assert status != 0, log
    assert "Traceback" not in log
    return log.splitlines()[-1]


def assert_same(answer: Any, expected: Any) -> None:
    """Compare by label and place, within a pixel and a hundredth of the score."""
    assert len(answer) == len(expected) > 0
    for ours, theirs in zip(in_order(answer), in_order(expected), strict=True):
        assert ours["label"] == theirs["label"]
        assert ours["points"] == pytest.approx(theirs["points"], abs=1)
        assert float(ours["confidence"]) == pytest.approx(float(theirs["confidence"]), abs=0.01)


def size_above_base(image: str) -> int:
    """Return the bytes of the layers that our Dockerfile adds, the first of which adds a user."""
    history = ("history", "--no-trunc", "--human=false", "--format={{.Size}} {{.CreatedBy}}", image)
    layers = docker(*history)[1].splitlines()
    first = next(number for number, layer in enumerate(layers) if "useradd" in layer)
    return sum(int(layer.split()[0]) for layer in layers[: first + 1])


def in_order(shapes: Any) -> list[Any]:
    return sorted(shapes, key=lambda shape: (shape["label"], shape["points"][0]))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_answers_as_the_pt_does(container: Container, demo: Service, example: Path) -> None:
    picture = example.read_bytes()
    assert_same(container.post(body_of(picture)), demo.annotate(picture)[1])


def annotate(image: str, picture: bytes, *options: str) -> Any:
    """Return the shapes that a container's command line finds on a picture."""
    command = ("run", "--rm", "--interactive", *LOCKED_DOWN, *options, image)
    output = docker(*command, "sh", "-euc", ANNOTATE, stdin=picture)[1]
    return json.loads(output[output.index("[\n") :])


def where(shape: Any) -> NDArray[np.float64]:
    """Return the numbers that place a shape, in pixels and degrees; none for a tag."""
    if shape["type"] == "skeleton":
        return np.concatenate([element["points"] for element in shape["elements"]])
    points = shape["mask"][-4:] if shape["type"] == "mask" else shape.get("points", [])
    return np.array([*points, shape.get("rotation", 0)], float)


def pixels(mask: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
    *numbers, left, top, right, bottom = mask["mask"]
    canvas = np.zeros(size, bool)
    within = canvas[top : bottom + 1, left : right + 1]
    within[:] = np.reshape(numbers, within.shape)
    return canvas


@pytest.mark.parametrize("task", ["", "-obb", "-seg", "-pose", "-cls"])
def test_every_task_is_answered_as_by_the_pt(
    slim: str, model_of: Callable[[str], Path], tmp_path: Path, task: str
) -> None:
    path = PHOTOGRAPHS[0]
    picture = decode(path.read_bytes(), 10**8)
    settings = Settings(weights=model_of(f"yolov8n{task}"), precision="f32")
    service = Service.load(settings)
    found = service.model.predict(picture, 1e-4).scores
    scores = np.sort(found)[::-1]
    threshold = 1e-4
    if len(scores) > 20:  # in the widest gap below the ten best
        widest = 10 + int((scores[10:-1] - scores[11:]).argmax())
        threshold = float(scores[widest : widest + 2].mean())
    export(replace(settings, threshold=threshold), "openvino", [path], tmp_path / "fast")

    options = ("--volume", f"{tmp_path / 'fast'}:/weights:ro")
    ours = annotate(slim, path.read_bytes(), *options, "--env", f"ANNOTATE_THRESHOLD={threshold}")
    theirs = service.annotate(path.read_bytes(), threshold)[1]
    assert len(ours) == len(theirs) > 0
    for one in json.loads(to_json(theirs)):
        same = [each for each in ours if each["label"] == one["label"]]
        nearest = min(same, key=lambda each: np.abs(where(each) - where(one)).sum())
        ours.remove(nearest)
        assert nearest["type"] == one["type"]
        assert where(nearest) == pytest.approx(where(one), abs=1)
        if one["type"] == "mask":
            first, second = (pixels(each, picture.shape[:2]) for each in (one, nearest))
            assert (first & second).sum() >= 0.99 * (first | second).sum()


def test_it_is_small(slim: str) -> None:
    processor = docker("run", "--rm", slim, "stat", "-c", "%s", "/usr/local/bin/processor")[1]
    ours = size_above_base(slim) - int(processor)
    assert ours + REAL_BASE + REAL_PROCESSOR <= MOST


def test_it_holds_neither_torch_nor_agpl_code(slim: str, container: Container) -> None:
    found = set(container.execute("python", "-c", DISTRIBUTIONS).split())
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/slim.txt").read_text(), re.M)
    assert found == {*locked, "auto-annotate"}
    assert not {"torch", "torchvision", "ultralytics", "onnx", "pip"} & found
    assert inspect(slim)["Config"]["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_it_runs_onnx(slim: str, onnx: Path, demo: Service, engine: str) -> None:
    options = ("--volume", f"{onnx}:/weights:ro", "--env", f"ANNOTATE_ENGINE={engine}")
    for example in EXAMPLES:
        picture = example.read_bytes()
        expected = demo.annotate(picture)[1]
        assert_same(annotate(slim, picture, *options), expected)


def test_a_pt_gets_the_command_that_makes_it_fit(
    slim: str, build: Callable[..., str], demo: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "digits"
    folder.mkdir()
    shutil.copy2(DEMO / "best.pt", folder)
    said = log_of_failed_start(slim, "--volume", f"{folder}:/weights:ro")
    match = re.search(r"needs ultralytics, which is not here\. Export it: (.+?); then", said)
    assert match, said
    command = re.sub(r"auto-annotate:[0-9]\S+", build("runtime"), match[1])
    command = command.replace("DIR", str(folder)).replace("PICTURES", str(ROOT / "examples"))
    subprocess.run(["bash", "-euc", command], check=True)  # noqa: S607

    with running(slim, options=("--volume", f"{folder / 'exported'}:/weights:ro")) as started:
        started.wait_until_healthy()
        picture = EXAMPLES[0].read_bytes()
        assert_same(started.post(body_of(picture)), demo.annotate(picture)[1])


def test_what_cannot_be_exported_is_sent_to_the_image_with_torch(slim: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import torch\n")
    (tmp_path / "model.yaml").write_text("plugin: own:Model\n")
    tmp_path.chmod(0o755)
    said = log_of_failed_start(slim, "--volume", f"{tmp_path}:/weights:ro")
    assert f"Use the image auto-annotate:{version('auto-annotate')}" in said


def test_its_command_checks_the_demo(slim: str) -> None:
    command = ("auto-annotate", "check", "--weights", "/weights")
    assert "0 errors, 0 warnings" in docker("run", "--rm", *LOCKED_DOWN, slim, *command)[1]
