from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from handler.detection.detections import Detections, Mask


def detections(boxes: int, scores: list[float], classes: int) -> Detections:
    return Detections(
        boxes=np.zeros((boxes, 4), np.float32),
        scores=np.array(scores, np.float32),
        classes=np.zeros(classes, np.int64),
    )


def test_the_length_is_the_number_of_objects() -> None:
    assert len(detections(2, [0.5, 0.4], 2)) == 2


@pytest.mark.parametrize(("boxes", "classes"), [(1, 2), (2, 1)])
def test_arrays_of_different_objects_are_refused(boxes: int, classes: int) -> None:
    with pytest.raises(
        ValueError, match=r"has \d rows, scores has|masks has to be a list|angles has to be"
    ):
        detections(boxes, [0.5, 0.4], classes)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_numbers_that_json_has_no_word_for_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        detections(1, [score], 1)


def test_an_object_is_plain_numbers() -> None:
    found = Detections(
        boxes=np.array([[1, 2, 3, 4]], np.float32),
        scores=np.array([0.5], np.float32),
        classes=np.array([7]),
        keypoints=np.array([[[1, 2, 1]]], np.float32),
    )
    (only,) = found
    assert (only.box, only.score, only.class_index) == ([1, 2, 3, 4], 0.5, 7)
    assert (only.angle, only.mask, only.keypoints) == (0, None, [[1, 2, 1]])


def test_a_choice_of_objects_keeps_all_that_belongs_to_them() -> None:
    found = Detections(
        boxes=np.arange(12, dtype=np.float32).reshape(3, 4),
        scores=np.array([0.9, 0.5, 0.4], np.float32),
        classes=np.array([0, 1, 2]),
        angles=np.array([0, 10, 20], np.float32),
        masks=[Mask(left, 0, np.ones((1, 1), bool)) for left in range(3)],
        keypoints=np.arange(9, dtype=np.float32).reshape(3, 1, 3),
    ).where(np.array([True, False, True]))
    assert [each.class_index for each in found] == [0, 2]
    assert [each.angle for each in found] == [0, 20]
    assert [each.mask and each.mask.left for each in found] == [0, 2]
    assert [each.keypoints for each in found] == [[[0, 1, 2]], [[6, 7, 8]]]


def test_objects_of_several_parts_move_to_their_places() -> None:
    part = Detections(
        boxes=np.array([[1, 2, 3, 4]], np.float32),
        scores=np.array([0.5], np.float32),
        classes=np.array([7]),
        masks=[Mask(1, 2, np.ones((2, 2), bool))],
        keypoints=np.array([[[1, 2, 0.25]]], np.float32),
    )
    nothing = detections(0, [], 0)
    both = Detections.joined([nothing, part, part.moved(100, 200)])
    assert both.boxes.tolist() == [[1, 2, 3, 4], [101, 202, 103, 204]]
    assert both.masks is not None
    assert [(mask.left, mask.top) for mask in both.masks] == [(1, 2), (101, 202)]
    assert both.keypoints is not None
    assert both.keypoints[1].tolist() == [[101, 202, 0.25]]
    assert len(Detections.joined([nothing, nothing])) == 0


@pytest.mark.parametrize("extra", ["angles", "masks", "keypoints"])
def test_an_object_without_its_angle_mask_or_keypoints_is_refused(extra: str) -> None:
    plain = detections(2, [0.5, 0.4], 2)
    with pytest.raises(
        ValueError, match=r"has \d rows, scores has|masks has to be a list|angles has to be"
    ):
        replace(plain, **cast("Any", {extra: np.zeros((1, 1, 3), np.float32)}))


def test_a_mask_is_cut_out_tightly_and_put_back() -> None:
    pixels = np.zeros((10, 20))
    pixels[3:5, 7:12] = 1
    mask = Mask.of(pixels, left=2)
    assert (mask.left, mask.top, mask.pixels.shape) == (9, 3, (2, 5))
    np.testing.assert_array_equal(mask.within(22, 10)[:, 2:], pixels > 0)


def test_two_masks_share_and_unite() -> None:
    one, other = Mask(0, 0, np.ones((4, 4), bool)), Mask(2, 1, np.ones((2, 6), bool))
    far = Mask(20, 0, np.ones((1, 1), bool))
    assert (one.common(other), one.agreement(other), one.agreement(far)) == (4, 1, None)
    assert one.iou(other) == 4 / (16 + 12 - 4)
    united = one.united(other)
    assert (united.left, united.top, united.pixels.shape) == (0, 0, (4, 8))
    assert united.pixels.sum() == 24


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("boxes", [[1, 2, 3, 4]], r"boxes has to be a numpy array \(n, 4\).*; it is a list"),
        ("boxes", np.zeros(4, np.float32), r"boxes has to be .* it is \(4,\) float32"),
        ("boxes", np.array([["a"] * 4]), r"boxes has to be .* it is \(1, 4\) <U1"),
        ("scores", [0.5], r"scores has to be a numpy array \(n,\).* float32; it is a list"),
        ("scores", 0.5, "scores has to be .* it is a float"),
        ("scores", np.zeros((1, 1)), r"scores has to be .* it is \(1, 1\) float64"),
        (
            "classes",
            np.zeros(1),
            r"classes has to be .* int64; it is \(1,\) float64",
        ),
        ("classes", None, "classes has to be .* it is a NoneType"),
        ("angles", [3.0], "angles has to be .* in degrees; it is a list"),
        ("keypoints", np.zeros((1, 5, 2)), r"keypoints has to be .*\(n, k, 3\).*\(1, 5, 2\)"),
        ("masks", [np.zeros((4, 4), bool)], r"masks has to be a list with a Mask\.of\(pixels\)"),
        ("masks", np.zeros((1, 4, 4), bool), "masks has to be a list with a Mask"),
    ],
)
def test_a_field_of_another_kind_is_named_with_what_it_has_to_be(
    field: str, value: object, reason: str
) -> None:
    fields = {
        "boxes": np.zeros((1, 4), np.float32),
        "scores": np.ones(1, np.float32),
        "classes": np.zeros(1, np.int64),
    }
    with pytest.raises(ValueError, match=reason):
        Detections(**{**fields, field: value})  # type: ignore[arg-type]
