import pytest

from benchmarks.contest import threshold_among


@pytest.mark.parametrize(
    ("scores", "least", "most"),
    [
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.2, 0.1], 0.2, 0.8),  # the objects are left
        ([0.9, 0.2], 0, 0.2),  # of few, all
        ([0.02], 0, 0.02),
        ([], 0, 1),
        ([1 - number / 300 for number in range(300)], 0.9, 0.99),  # of many, few
    ],
)
def test_no_score_is_near_the_threshold(scores: list[float], least: float, most: float) -> None:
    threshold = threshold_among(scores)
    assert least < threshold < most
    assert all(abs(score - threshold) > 0.001 for score in scores)
