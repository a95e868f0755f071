import pytest

from handler.bench.stages import CARRIED, inside, stages_of
from handler.bench.worker import Answer

SPLIT = Answer(
    0.1,
    "[]",
    {"decode": 0.01, "predict": 0.06, "encode": 0.02},
    {"letterbox": 0.01, "forward": 0.04},
)
WHOLE = Answer(0.1, "[]", {"decode": 0.01, "predict": 0.06, "encode": 0.02}, {})


def test_predict_is_split_where_the_model_says_how() -> None:
    assert stages_of([SPLIT]) == pytest.approx(
        {"decode": 10, "letterbox": 10, "forward": 40, "objects": 10, "encode": 20, CARRIED: 10}
    )
    assert stages_of([WHOLE]) == pytest.approx(
        {"decode": 10, "predict": 60, "encode": 20, CARRIED: 10}
    )


def test_the_stages_are_the_whole_answer() -> None:
    assert sum(stages_of([SPLIT]).values()) == pytest.approx(1000 * SPLIT.seconds)
    assert inside(SPLIT) == pytest.approx(0.09)


def test_others_handlers_have_no_stages() -> None:
    assert stages_of([Answer(0.1, "[]", {}, {})]) == {}
