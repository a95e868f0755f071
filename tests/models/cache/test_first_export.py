"""Models are exported that find nothing on the photographs; what answers otherwise is not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from handler.errors import WeightsError
from handler.models.cache.first_export import clear_threshold, export_first
from handler.models.export import export as exporting
from handler.models.folder.model_folder import ModelFolder
from handler.settings import Settings
from tests.conftest import DEMO
from tests.damage import convert_and_damage


def test_it_is_in_the_widest_gap_below_sixty_objects() -> None:
    scores = np.concatenate([np.linspace(0.9, 0.5, 70), np.linspace(0.1, 0.01, 300)])
    shuffled = np.random.default_rng(0).permutation(scores).astype(np.float32)
    assert 0.1 < clear_threshold(shuffled, 0.6) < 0.5


@pytest.mark.parametrize("count", [1, 60, 61, 120, 121, 600])
def test_it_leaves_sixty_or_some_more_or_all_that_there_are(count: int) -> None:
    scores = np.random.default_rng(count).uniform(1e-6, 1e-3, count).astype(np.float32)
    left = int((scores >= clear_threshold(scores, 0.25)).sum())
    assert min(count, 60) <= left <= 120


@pytest.mark.parametrize("count", [1, 10, 80])
def test_it_leaves_all_that_the_model_reports(count: int) -> None:
    scores = np.linspace(0.99, 0.3, count).astype(np.float32)
    others = np.linspace(0.2, 0.1, 90).astype(np.float32)
    threshold = clear_threshold(np.concatenate([scores, others]), 0.25)
    assert 0.1 < threshold <= 0.25
    assert clear_threshold(scores, 0.25) <= 0.25


@pytest.mark.parametrize("scores", [[], [0, 0]])
def test_of_a_model_that_finds_nothing_it_is_0(scores: list[float]) -> None:
    assert clear_threshold(np.array(scores, np.float32), 0.25) == 0


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolov8n-cls"])
def test_any_task_is_exported_at_any_threshold(
    tmp_path: Path, model_of: Callable[[str], Path], architecture: str
) -> None:
    # At 0.99 it reports nothing on the photographs.
    settings = Settings(weights=model_of(architecture), threshold=0.99)
    export_first(settings, "openvino", tmp_path / "made")
    assert ModelFolder.open(tmp_path / "made").weights.is_dir()


def test_a_damaged_network_is_refused_by_what_the_model_would_not_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "convert", convert_and_damage)
    with pytest.raises(WeightsError, match=r"answers differently"):
        export_first(Settings(weights=DEMO, threshold=0.99), "openvino", tmp_path / "made")
    assert not list(tmp_path.iterdir())
