import pytest

from handler.bench.spread import Spread


def test_the_middle_half_and_the_tail() -> None:
    measured = Spread.of(range(101))
    assert (measured.count, measured.low, measured.median, measured.high) == (101, 25, 50, 75)
    assert (measured.p90, measured.p99) == (90, 99)


def test_one_value_is_all_there_is() -> None:
    assert Spread.of([3.5]) == Spread(1, 3.5, 3.5, 3.5, 3.5, 3.5)


def test_nothing_has_no_middle() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Spread.of([])
