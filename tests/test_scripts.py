"""The scripts beside ./scripts/build: what they say of themselves."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

HELPFUL = ["bench", "build", "deploy", "docs", "functions", "install", "lock", "run", "test"]


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("script", HELPFUL)
def test_help_tells_how_a_script_is_called_and_does_nothing_else(
    tmp_path: Path, script: str, option: str
) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "requirements").mkdir()
    before = sorted(tmp_path.rglob("*"))
    finished = subprocess.run(
        [tmp_path / "scripts" / script, option],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"scripts/{script}" in finished.stdout
    assert finished.stderr == ""
    assert sorted(tmp_path.rglob("*")) == before
