import threading
from collections.abc import Iterator

import pytest

from handler.models.exported.ahead import computed_ahead


def test_each_comes_with_its_own_in_order() -> None:
    assert list(computed_ahead(range(5), lambda number: number**2)) == [
        (0, 0),
        (1, 1),
        (2, 4),
        (3, 9),
        (4, 16),
    ]
    assert list(computed_ahead([], str)) == []


def test_the_next_is_computed_while_one_is_used() -> None:
    begun = [threading.Event() for _ in range(3)]
    for number, _ in computed_ahead(range(3), lambda number: begun[number].set()):
        assert begun[min(number + 1, 2)].wait(timeout=30)


def test_two_are_taken_ahead_and_no_more() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(9):
            taken.append(number)
            yield number

    for number, _ in computed_ahead(numbers(), str):
        assert len(taken) <= number + 2


def test_an_error_comes_where_its_answer_would() -> None:
    answers = computed_ahead([2, 1, 0], lambda number: 2 // number)
    assert next(answers) == (2, 1)
    assert next(answers) == (1, 2)
    with pytest.raises(ZeroDivisionError):
        next(answers)
