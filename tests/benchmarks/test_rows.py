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
