"""The threshold at which a model is compared that may find nothing."""

import numpy as np
import pytest

from handler.models.first_export import clear_threshold


def test_it_is_in_the_widest_gap_below_twenty_objects() -> None:
    scores = np.concatenate([np.linspace(0.9, 0.5, 25), np.linspace(0.1, 0.01, 300)])
    threshold = clear_threshold(np.random.default_rng(0).permutation(scores).astype(np.float32))
    assert 0.1 < threshold < 0.5


@pytest.mark.parametrize("count", [1, 20, 21, 40, 41, 600])
def test_it_leaves_twenty_to_forty_or_all_that_there_are(count: int) -> None:
    scores = np.random.default_rng(count).uniform(1e-6, 1e-3, count).astype(np.float32)
    left = int((scores >= clear_threshold(scores)).sum())
    assert min(count, 20) <= left <= 40


@pytest.mark.parametrize("scores", [[], [0, 0]])
def test_of_a_model_that_finds_nothing_it_is_0(scores: list[float]) -> None:
    assert clear_threshold(np.array(scores, np.float32)) == 0
