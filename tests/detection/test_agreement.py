from dataclasses import replace

import numpy as np
import pytest

from handler.detection.agreement import differences
from handler.detection.detections import Detections, Mask


def answer(**changes: object) -> Detections:
    found = Detections(
        boxes=np.array([[10, 10, 110, 60], [200, 200, 260, 260]], np.float32),
        scores=np.array([0.9, 0.5], np.float32),
        classes=np.array([0, 1]),
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def test_the_same_in_another_order_is_no_difference() -> None:
    assert not list(differences(answer(), answer().where(np.array([True, True]))))
    one = answer()
    swapped = Detections(one.boxes[::-1], one.scores[::-1], one.classes[::-1])
    assert not list(differences(answer(), swapped))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (answer().where(np.array([True, False])), "1 objects instead of 2"),
        (answer(classes=np.array([0, 0])), "object 2 has another class"),
        (
            answer(scores=np.array([0.9, 0.52], np.float32)),
            "object 2 scores 0.520 instead of 0.500",
        ),
        (answer(boxes=answer().boxes + np.float32(1)), "object 1 overlaps by 0.942"),
        (answer(angles=np.array([3, 0], np.float32)), "object 1 overlaps by"),
    ],
)
def test_what_differs_is_said(found: Detections, reason: str) -> None:
    assert next(differences(answer(), found)).startswith(reason)


def test_of_small_objects_a_tenth_of_a_pixel_is_no_difference() -> None:
    def placed(left: float) -> Detections:
        boxes = np.array([[left, 10, left + 2, 12], [300, left, 300, left + 5]], np.float32)
        return answer(boxes=boxes)

    assert not list(differences(placed(10), placed(10.09)))
    assert len(list(differences(placed(10), placed(10.2)))) == 2


def test_masks_differ_from_two_pixels_on() -> None:
    def masked(pixels: int) -> Detections:
        whole = np.ones((10, 10), bool)
        whole.flat[:pixels] = False
        return answer(masks=[Mask(10, 10, whole), Mask(200, 200, np.ones((4, 4), bool))])

    assert not list(differences(masked(0), masked(1)))
    assert list(differences(masked(0), masked(2))) == ["object 1 has a mask that overlaps by 0.980"]


def test_keypoints_may_be_a_hundredth_of_the_object_away() -> None:
    def pointed(x: float) -> Detections:
        points = np.array([[[x, 20, 1]], [[210, 210, 1]]], np.float32)
        return answer(keypoints=points)

    assert not list(differences(pointed(20), pointed(20.9)))
    assert list(differences(pointed(20), pointed(22))) == [
        "object 1 has a keypoint 2.0 pixels away"
    ]
