import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handler.bench.requests import MOST, requests
from handler.cli import main
from handler.errors import SettingsError
from tests.bench.conftest import EXPORTED
from tests.conftest import EXAMPLES, ROOT


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def test_help_shows_examples() -> None:
    assert "auto-annotate bench --weights" in run("--help").stdout


def test_two_models_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    other = shutil.copytree(EXPORTED, tmp_path / "exported")
    few = ("--images", EXAMPLES[0], "--frames", "2", "--starts", "1", "--json", tmp_path / "file")
    result = run("--weights", EXPORTED, "--against", other, *few)
    assert result.exit_code == 0, result.output
    for word in ("an answer, median", "start to first answer", "resident", "forward", "same"):
        assert word in result.stdout
    written = json.loads((tmp_path / "file").read_text())
    assert set(written) == {"surroundings", "models", "differences"}
    assert written["differences"] == []
    assert list(written["models"]) == [str(EXPORTED), str(other)]
    for figures in written["models"].values():
        assert figures["milliseconds"]["count"] == 2
        assert figures["peak"] >= figures["resident"] > 0
        assert list(figures["frames_per_second"]) == ["1", "2"]
        assert {"decode", "forward", "encode"} <= set(figures["stages"])


def test_a_model_that_does_not_start_is_one_line(tmp_path: Path) -> None:
    result = run("--weights", tmp_path, "--images", EXAMPLES[0])
    assert result.exit_code == 1
    assert "Error: The handler ended: No weights" in result.stderr


def test_a_model_against_itself_is_refused() -> None:
    result = run("--weights", EXPORTED, "--against", EXPORTED)
    assert result.exit_code == 1
    assert "is the same folder" in result.stderr


def test_pictures_are_chosen_evenly(tmp_path: Path) -> None:
    for number in range(40):
        shutil.copy(EXAMPLES[1], tmp_path / f"{number:02}.jpg")
    names, bodies = requests(tmp_path, 10**8)
    assert len(names) == len(bodies) <= MOST
    assert names[0] == "00.jpg"
    assert names[-1] > "35"


def test_without_pictures_there_is_one() -> None:
    names, bodies = requests(None, 10**8)
    assert len(names) == len(bodies) == 1


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"There are no pictures"):
        requests(tmp_path, 10**8)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(SettingsError, match=r"broken\.jpg is not a picture"):
        requests(tmp_path, 10**8)
