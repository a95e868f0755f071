"""Where the threshold is set, and that there are photographs in every image."""

import numpy as np
import pytest

from handler.models.cache import comparison
from handler.models.cache.comparison import clear_threshold, photographs
from handler.pictures import decoding


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


@pytest.mark.parametrize("installed", [True, False])
def test_there_are_two_photographs_with_or_without_ultralytics(
    monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if not installed:
        monkeypatch.setattr(comparison, "find_spec", lambda _: None)
    found = [decoding.decode(path.read_bytes(), 10**8) for path in photographs()]
    assert len(found) == 2
    assert min(picture.std() for picture in found) > 20
