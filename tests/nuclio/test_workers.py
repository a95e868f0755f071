import json
from pathlib import Path
from typing import Any

import pytest

from handler.machine import cpus
from handler.nuclio import workers
from handler.settings import Settings


@pytest.fixture(autouse=True)
def _eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpus, "allowed", lambda _: 8)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return tmp_path / "processor.yaml"


def document(**keys: Any) -> str:
    return json.dumps({"spec": {"triggers": {"http": {"kind": "http", **keys}}}})


@pytest.mark.parametrize(
    ("keys", "threads"),
    [
        ({"numWorkers": 2, "maxWorkers": 2}, 4),
        ({"numWorkers": 3, "maxWorkers": 1}, 2),
        ({"maxWorkers": 4}, 2),
        ({"numWorkers": 20}, 1),
        ({"numWorkers": 1, "maxWorkers": 1}, None),
        ({"numWorkers": "many"}, None),
    ],
)
def test_a_worker_has_its_part_of_the_processors(
    configuration: Path, keys: dict[str, Any], threads: int | None
) -> None:
    configuration.write_text(document(**keys))
    assert workers.sharing(Settings(), configuration).threads == threads


def test_a_worker_has_its_part_of_the_memory_for_pictures(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "memory", lambda: 4_000_000_000)
    configuration.write_text(document(numWorkers=2))
    assert workers.sharing(Settings(), configuration).picture_memory == 1_000
    assert workers.sharing(Settings(picture_memory=5), configuration).picture_memory == 5
    configuration.write_text(document(numWorkers=1))
    assert workers.sharing(Settings(), configuration).picture_memory is None


def test_threads_that_are_set_are_each_worker_s(configuration: Path) -> None:
    configuration.write_text(document(numWorkers=2))
    assert workers.sharing(Settings(threads=3), configuration).threads == 3


@pytest.mark.parametrize("text", [None, "]", "[]", "spec: 3"])
def test_without_a_configuration_there_is_one_worker(configuration: Path, text: str | None) -> None:
    if text is not None:
        configuration.write_text(text)
    assert workers.sharing(Settings(), configuration) == Settings()


def test_the_image_s_own_configuration_is_read() -> None:
    baked = Path(__file__).parents[2] / "deploy/image/processor.yaml"
    assert workers.sharing(Settings(), baked) == Settings()
