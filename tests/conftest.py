"""The demo model, its pictures, and models of real architectures."""

import base64
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from handler.logs import log
from handler.models.ultralytics.model import prepare_environment
from handler.service import Service
from handler.settings import Settings

prepare_environment()
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "weights"
EXAMPLES = sorted((ROOT / "examples").glob("*.jpg"))


@pytest.fixture(scope="session")
def demo() -> Service:
    """The demo model, loaded once."""
    return Service.load(Settings(weights=DEMO))


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from an architecture's name to a model folder of it, each built once."""
    from tests.architectures import build

    root = tmp_path_factory.mktemp("models")

    def folder(architecture: str) -> Path:
        path = root / architecture
        if not path.exists():
            path.mkdir()
            build(architecture, path / "best.pt")
        return path

    return folder


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the developer's own shell play no part."""
    for name in [name for name in os.environ if name.startswith("ANNOTATE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _log_reaches_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a test that had a function write its log to standard output, as on Nuclio."""
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(log, "handlers", [])


def body_of(picture: bytes, **fields: Any) -> bytes:
    """Return a request's body as CVAT sends it."""
    return json.dumps({"image": base64.b64encode(picture).decode(), **fields}).encode()


def pickle_importing(name: str, **strings: str) -> bytes:
    """Return a pickle of a table with an import of `name`, and `strings` as further entries."""
    module, _, attribute = name.rpartition(".")
    entries = b"".join(b"V%s\nV%s\ns" % (k.encode(), v.encode()) for k, v in strings.items())
    return b"(dVmodel\nc%s\n%s\ns%s." % (module.encode(), attribute.encode(), entries)


def iou_matrix(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Return the (n, m) intersection over union of boxes (n, 4) and (m, 4), x1 y1 x2 y2."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    intersection = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - intersection
    return np.asarray(intersection / union)


@pytest.fixture(scope="session")
def export_of(model_of: Callable[[str], Path]) -> Callable[..., Path]:
    """A function to a file or folder as ultralytics exports it, at 320 pixels, each made once."""
    from ultralytics import RTDETR, YOLO

    made: dict[Any, Path] = {}

    def export(architecture: str, kind: str, **options: Any) -> Path:
        key = (architecture, kind, *sorted(options.items()))
        if key not in made:
            source = model_of(architecture) / "best.pt"
            folder = source.parent / f"export-{len(made)}"
            folder.mkdir()
            own = shutil.copy(source, folder)
            library = (RTDETR if architecture.startswith("rtdetr") else YOLO)(own)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the tracer
                asked = {"dynamic": True, "imgsz": 320, **options}
                made[key] = Path(library.export(format=kind, **asked))
        return made[key]

    return export


@pytest.fixture(scope="session")
def build() -> Iterator[Callable[..., str]]:
    """A function that runs ./scripts/build and returns the image's name.

    The images go at the end; Docker keeps their layers for the next run.
    """
    from tests.containers import docker

    reason = ""
    if shutil.which("docker") is None:
        reason = "Docker is not installed"
    elif docker("info", check=False)[0]:
        reason = "Docker's daemon does not answer"
    if reason and os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must test the image")
    if reason:
        pytest.skip(reason)

    built: set[str] = set()

    def run(target: str, root: Path = ROOT, name: str = "") -> str:
        image = f"auto-annotate-test:{name or target}"
        finished = subprocess.run(
            [root / "scripts" / "build", target, "--tag", image],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout.decode()[-5000:]
        built.add(image)
        return image

    yield run
    if built:
        docker("image", "rm", *built)
