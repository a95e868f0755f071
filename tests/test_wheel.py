"""The wheel in an empty environment: what `pip install auto-annotate` gives, without a clone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DEMO, EXAMPLES, ROOT

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "handler", "requirements")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", source / "dist", source)
    (built,) = (source / "dist").glob("*.whl")
    return built


def pip(python: str | Path, *arguments: str | Path) -> None:
    finished = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-3000:]


def environment_with(folder: Path, *packages: str | Path) -> Path:
    """Return the folder of programs of an empty environment with packages and what they need."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip(folder / "bin" / "python", "install", *packages)
    return folder / "bin"


def annotate(programs: Path, weights: Path, out: Path) -> None:
    finished = subprocess.run(
        [programs / "auto-annotate", "annotate", EXAMPLES[0], "--weights", weights, "--out", out],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(out.parent)},
        cwd=out.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert len(json.loads((out / f"{EXAMPLES[0].stem}.json").read_text())) > 3
    assert (out / f"{EXAMPLES[0].stem}.jpg").exists()


def test_an_exported_model_annotates_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    programs = environment_with(tmp_path / "env", wheel)
    annotate(programs, DEMO / "exported", tmp_path / "out")
    assert not any((tmp_path / "env").rglob("site-packages/torch"))


@pytest.mark.large
def test_a_pt_annotates_from_the_wheel_with_torch(wheel: Path, tmp_path: Path) -> None:
    programs = environment_with(tmp_path / "env", f"{wheel}[torch]")
    annotate(programs, DEMO, tmp_path / "out")
