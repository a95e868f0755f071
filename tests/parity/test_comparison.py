import numpy as np
import pytest

from handler.detection.detections import Detections
from handler.parity.comparison import Difference, compare


def answer(*rows: tuple[float, ...]) -> Detections:
    """Return objects of x1, y1, x2, y2, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


BOX = (10, 10, 50, 50)


def test_the_same_answers_do_not_differ() -> None:
    found = compare(answer((*BOX, 0.9, 1)), answer((*BOX, 0.9, 1)))
    assert not found.exceeds
    assert found.cost == pytest.approx(0, abs=1e-6)


def test_what_appears_vanishes_and_changes_class_is_counted() -> None:
    first = answer((*BOX, 0.9, 1), (100, 100, 150, 150, 0.8, 0), (200, 0, 220, 20, 0.5, 0))
    second = answer((*BOX, 0.9, 2), (100, 100, 150, 150, 0.8, 0), (300, 0, 320, 20, 0.5, 0))
    found = compare(first, second)
    assert (found.objects, found.appear, found.vanish, found.changed) == (3, 1, 1, 1)
    assert found.exceeds
    assert found.cost == pytest.approx(3, abs=1e-4)


def test_an_object_of_the_same_class_is_preferred() -> None:
    first = answer((*BOX, 0.9, 1))
    found = compare(first, answer((*BOX, 0.9, 2), (11, 11, 51, 51, 0.9, 1)))
    assert (found.appear, found.changed, found.beyond) == (1, 0, 1)


def test_the_limits_are_those_of_agreement() -> None:
    near = compare(answer((*BOX, 0.9, 1)), answer((10.05, 10, 50, 50, 0.905, 1)))
    far = compare(answer((*BOX, 0.9, 1)), answer((12, 10, 50, 50, 0.9, 1)))
    surer = compare(answer((*BOX, 0.9, 1)), answer((*BOX, 0.92, 1)))
    assert [each.beyond for each in (near, far, surer)] == [0, 1, 1]


def test_the_summary_has_median_95th_percentile_and_worst() -> None:
    differences = [
        Difference(1, overlaps=[1 - number / 1000], scores=[number / 1000]) for number in range(101)
    ]
    whole = Difference()
    for each in differences:
        whole.add(each)
    numbers = whole.summary()
    assert numbers["objects"] == 101
    assert [numbers[f"iou_{part}"] for part in ("median", "p95", "worst")] == [0.95, 0.905, 0.9]
    assert [numbers[f"score_{part}"] for part in ("median", "p95", "worst")] == [0.05, 0.095, 0.1]
    assert Difference().summary()["iou_worst"] is None
