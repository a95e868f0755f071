"""`./scripts/soak`, for a few seconds."""

import json
from pathlib import Path
from threading import Event, Timer

import pytest
from click.testing import CliRunner

from benchmarks import soak
from benchmarks.soak import Question, main
from tests.conftest import EXAMPLES
from tests.server.processes import EXPORTED, running_server

PICTURE = EXAMPLES[0].read_bytes()


def test_a_short_soak_is_clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(soak, "_ROUNDS", 2)
    monkeypatch.setattr(soak, "GROWTH", 2)  # it has only begun
    file = tmp_path / "soak.json"
    two = ["--weights", str(EXPORTED)] * 2
    options = ["--clients", "2", "--minutes", "0.1", "--json", str(file)]
    finished = CliRunner().invoke(main, [*two, *options])
    assert finished.exit_code == 0, finished.output
    found = json.loads(file.read_text())
    assert set(found["statuses"]) == {"200"}
    assert (found["wrong"], found["pranks_failed"]) == (0, 0)
    assert found["pranks"] > 5
    assert "wrong answers" in finished.output


def test_a_wrong_answer_is_seen() -> None:
    with running_server(EXPORTED) as client:
        question = Question(f"{client.base_url}/models/digits", PICTURE, b"[]")
        end = Event()
        Timer(1, end.set).start()
        statuses, wrong = soak._ask([question], end, seed=0)
    assert wrong == statuses["200"] > 0
