import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handler.cli import main
from tests.conftest import DEMO, EXAMPLES


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(
        main, ["parity", "--weights", str(DEMO / "exported"), *map(str, arguments)]
    )


def test_a_difference_is_shown_written_and_the_exit_status(tmp_path: Path) -> None:
    gravel = next(path for path in EXAMPLES if path.stem == "gravel-path")
    result = run("--images", gravel, "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert "Threshold" in result.stdout
    assert "1 vanishes" in result.stdout
    said = json.loads((tmp_path / "out" / "parity.json").read_text())
    assert said["exceeded"]
    assert said["script"].endswith("best.pt")
    assert "<!doctype html>" in (tmp_path / "out" / "parity.html").read_text()


def test_without_a_difference_it_is_0(tmp_path: Path) -> None:
    result = run("--images", EXAMPLES[0], "--threshold", "0.25", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "CVAT shows what the script finds" in result.stdout


def test_wrong_use_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("")
    result = run("--images", EXAMPLES[0], "--script", script, "--url", "http://example")
    assert result.exit_code == 2
    result = run("--images", tmp_path)
    assert result.exit_code == 1
    assert "There are no pictures in" in result.stderr
    result = run("--images", EXAMPLES[0], "--url", "example", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "example is no address" in result.stderr


@pytest.mark.parametrize("words", ["--script evaluate.py", "x1 y1 x2 y2 score class"])
def test_help_teaches(words: str) -> None:
    assert words in " ".join(run("--help").stdout.split())
