"""./scripts/install and ./scripts/run, with stand-ins for the programs of .venv."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

PYTHON = """#!/bin/sh
case "$*" in
    */needs-torch*) if [ -e "$2/best.pt" ]; then echo yes; fi ;;
    *) echo "$@" ;;
esac
"""
Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    for folder in ("scripts", "requirements", "weights"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "auto-annotate"):
        (programs / name).write_text(PYTHON)
        (programs / name).chmod(0o755)

    def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tmp_path / "scripts" / name, *arguments],
            env={"PATH": os.environ["PATH"], "TORCH_INDEX": ""} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def locks(finished: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the locks that pip was given."""
    assert finished.returncode == 0, finished.stderr
    return re.findall(r"--requirement (\S+)", finished.stdout)


def test_exported_models_need_no_torch(script: Script) -> None:
    finished = script("install", "slim")
    assert locks(finished) == ["requirements/build.txt", "requirements/slim.txt"]
    assert "torch" not in finished.stderr


def test_a_larger_environment_serves_a_smaller_need(script: Script, tmp_path: Path) -> None:
    assert "requirements/runtime.txt" in locks(script("install"))
    assert not locks(script("install", "runtime"))
    assert not locks(script("install", "slim"))
    assert "requirements/test.txt" in locks(script("install", "test"))
    assert not locks(script("install", "runtime"))
    (tmp_path / "requirements" / "slim.txt").write_text("numpy==0\n")
    assert "requirements/slim.txt" in locks(script("install", "slim"))


def test_a_smaller_environment_does_not_serve_a_larger_need(script: Script) -> None:
    script("install", "slim")
    assert "requirements/runtime.txt" in locks(script("install", "runtime"))


@pytest.mark.parametrize(
    ("index", "lock", "size"),
    [("https://index.example/cpu", "torch.in", "1 GB"), ("", "torch.txt", "5.5 GB")],
)
def test_torch_comes_from_one_setting_and_its_size_is_said(
    script: Script, index: str, lock: str, size: str
) -> None:
    finished = script("install", "runtime", TORCH_INDEX=index)
    assert f"requirements/{lock}" in locks(finished)
    assert f"about {size}" in finished.stderr
    assert (f"--index-url {index}" in finished.stdout) == bool(index)


def test_an_environment_that_does_not_exist_is_refused(script: Script) -> None:
    finished = script("install", "everything")
    assert finished.returncode == 2
    assert "[slim|runtime|test]" in finished.stderr


@pytest.mark.parametrize(
    ("weights", "needed"), [("weights/exported", ["slim"]), ("weights", ["slim", "runtime"])]
)
def test_a_run_installs_torch_for_a_pt_only(
    script: Script, tmp_path: Path, weights: str, needed: list[str]
) -> None:
    finished = script("run", "--once", "--weights", str(tmp_path / weights), "picture.jpg")
    asked = [lock for lock in locks(finished) if Path(lock).stem in ("slim", "runtime")]
    assert asked == [f"requirements/{name}.txt" for name in needed]
    assert f"annotate --weights {tmp_path / weights} picture.jpg" in finished.stdout


@pytest.mark.parametrize(
    ("folder", "printed"),
    [("weights", "yes\n"), ("weights/exported", ""), ("examples/faces", ""), ("nowhere", "")],
)
def test_which_weights_need_torch(folder: str, printed: str) -> None:
    finished = subprocess.run(
        [sys.executable, ROOT / "scripts" / "needs-torch", ROOT / folder],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == printed
