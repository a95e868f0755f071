from typing import Any

import pytest

from handler.bench.replies import differences_of

TAG = {"type": "tag", "label": "cat", "confidence": 0.5}


def shape(**changes: Any) -> dict[str, Any]:
    points = [10.0, 10.0, 110.0, 60.0]
    return {
        "type": "rectangle", "label": "car", "points": points, "confidence": 0.9, **changes
    }  # fmt: skip


def test_the_order_does_not_matter() -> None:
    one, other = shape(), shape(label="bus", points=[0, 0, 5, 5])
    assert differences_of([one, other], [other, one]) == []
    assert differences_of([one, other], [one]) == ["1 objects instead of 2"]


def test_nothing_agrees_with_nothing() -> None:
    assert differences_of([], []) == []


def test_a_score_may_be_text() -> None:
    assert differences_of([shape(confidence="0.9")], [shape()]) == []


def test_an_ellipse_is_compared_by_its_box() -> None:
    ellipse = shape(type="ellipse", points=[60, 35, 110, 10])
    assert differences_of([shape()], [ellipse]) == []


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        (shape(), shape(points=[10, 10, 60, 60]), "overlaps"),
        (shape(), shape(confidence=0.7), "scores"),
        (shape(), shape(label="bus"), "another class"),
        (shape(), shape(rotation=30), "overlaps"),
        (TAG, TAG | {"label": "dog"}, "another class"),
        (
            shape(type="mask", mask=[*[1] * 100, 0, 0, 9, 9]),
            shape(type="mask", mask=[*[1] * 50, *[0] * 49, 1, 0, 0, 9, 9]),
            "mask",
        ),
        (
            shape(type="skeleton", points=None, elements=[{"points": [0, 0]}, {"points": [9, 9]}]),
            shape(type="skeleton", points=None, elements=[{"points": [9, 0]}, {"points": [0, 9]}]),
            "keypoint",
        ),
    ],
)
def test_what_differs_is_said(one: dict[str, Any], other: dict[str, Any], word: str) -> None:
    (difference,) = differences_of([one], [other])
    assert word in difference
