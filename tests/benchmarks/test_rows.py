from dataclasses import replace

import pytest

from benchmarks.rows import RATE, Row
from handler.bench.spread import Spread


def row(unit: str, naive: float, ours: float, goal: float | None = None) -> Row:
    return Row("group", "what", "f32", unit, Spread.of([naive]), Spread.of([ours]), goal)


def test_the_ratio_says_how_many_times_better_ours_is() -> None:
    assert row("ms", 90, 30).ratio == pytest.approx(3)
    assert row(RATE, 10, 30).ratio == pytest.approx(3)


def test_a_goal_is_met_or_not_or_there_is_none() -> None:
    assert row("ms", 90, 30, 3).met is True
    assert row("ms", 89, 30, 3).met is False
    assert row("ms", 90, 30).met is None


def test_beside_the_best_there_is_a_ratio_and_a_goal_of_its_own() -> None:
    three = replace(row("ms", 90, 30, 3), best=Spread.of([45]), goal_best=1.6)
    assert three.ratio_best == pytest.approx(1.5)
    assert (three.met, three.met_best) == (True, False)
    alone = row("ms", 90, 30)
    assert (alone.ratio_best, alone.met_best) == (None, None)
