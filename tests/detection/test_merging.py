"""Merging what tiles have found, beside SAHI, and beyond it where tiles cut objects."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sahi.postprocess._numpy_backend import _score_tiebreak_order, nms_from_matrix
from sahi.postprocess.combine import GreedyNMMPostprocess, NMSPostprocess
from sahi.prediction import ObjectPrediction
from shapely import Polygon

from handler.detection.corners import corners_of
from handler.detection.detections import Detections, Mask
from handler.detection.merging import Rule, merge
from handler.detection.regions import extents_of

SAHI = {"greedy": GreedyNMMPostprocess, "nms": NMSPostprocess}
LEFT, TOP, RIGHT, BOTTOM = np.eye(4, dtype=bool)
WHOLE = np.zeros(4, bool)


def some(seed: int, classes: int = 3, side: float = 300, count: int = 0) -> Detections:
    random = np.random.default_rng(seed)
    count = count or int(random.integers(2, 100))
    places, sizes = random.uniform(0, side, (count, 2)), random.uniform(5, 120, (count, 2))
    return Detections(
        np.concatenate([places, places + sizes], axis=1).astype(np.float32),
        random.uniform(0.1, 1, count).astype(np.float32),
        random.integers(0, classes, count),
    )


def rows(boxes: NDArray[Any], scores: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.float64]:
    together = np.concatenate([boxes, scores[:, None], classes[:, None]], axis=1)
    return np.asarray(together[np.argsort(-together[:, 4])], np.float64)


def by_sahi(found: Detections, rule: Rule) -> NDArray[np.float64]:
    predictions = [
        ObjectPrediction(each.box, each.class_index, str(each.class_index), score=each.score)
        for each in found
    ]
    merged = SAHI[rule.method](rule.threshold, rule.metric.upper(), rule.agnostic)(predictions)
    boxes, scores, classes = zip(
        *((each.bbox.to_xyxy(), each.score.value, each.category.id) for each in merged), strict=True
    )
    return rows(np.array(boxes), np.array(scores), np.array(classes))


def uncut(found: Detections) -> NDArray[np.bool_]:
    return np.zeros((len(found), 4), bool)


@given(
    st.integers(0, 2**32),
    st.builds(
        Rule,
        st.sampled_from(["greedy", "nms"]),
        st.sampled_from(["ios", "iou"]),
        st.sampled_from([0.1, 0.3, 0.5, 0.8]),
        st.booleans(),
    ),
)
def test_upright_boxes_are_merged_as_by_sahi(seed: int, rule: Rule) -> None:
    found = some(seed)
    merged = merge(found, uncut(found), rule)
    ours = rows(merged.boxes, merged.scores, merged.classes)
    np.testing.assert_allclose(ours, by_sahi(found, rule), atol=1e-3)


@pytest.mark.parametrize("metric", ["ios", "iou"])
def test_oriented_boxes_are_suppressed_as_sahi_would_by_what_they_really_share(metric: str) -> None:
    for seed in range(5):
        found = some(seed, classes=1)
        angles = np.random.default_rng(seed).uniform(-180, 180, len(found)).astype(np.float32)
        found = Detections(found.boxes, found.scores, found.classes, angles=angles)
        outlines = [Polygon(each) for each in corners_of(found.boxes, angles)]
        common = np.array([[a.intersection(b).area for b in outlines] for a in outlines])
        areas = np.diag(common)
        least, both = np.minimum(areas[:, None], areas), areas[:, None] + areas - common
        matrix = common / (least if metric == "ios" else both)
        extents = extents_of(found)
        order = _score_tiebreak_order(*extents.T, found.scores)
        kept = nms_from_matrix(matrix, order, 0.3)
        merged = merge(found, uncut(found), Rule("nms", metric, 0.3))
        np.testing.assert_allclose(merged.boxes, found.boxes[kept])
        np.testing.assert_allclose(merged.scores, found.scores[kept])


def test_thin_boxes_side_by_side_stay_where_upright_stand_ins_would_lose_one() -> None:
    centres = np.array([[100, 100], [114, 86]])
    half = np.array([80, 5])
    boxes = np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)
    scores, classes = np.array([0.9, 0.8], np.float32), np.array([0, 0])
    turned = Detections(boxes, scores, classes, angles=np.array([45, 45], np.float32))
    assert len(merge(turned, uncut(turned), Rule())) == 2
    stand_ins = Detections(extents_of(turned), scores, classes)
    assert len(merge(stand_ins, uncut(stand_ins), Rule())) == 1


def of(
    *objects: tuple[tuple[float, ...], float], angle: float | None = None, **more: Any
) -> Detections:
    boxes, scores = zip(*objects, strict=True)
    angles = None if angle is None else np.full(len(boxes), angle, np.float32)
    return Detections(
        np.array(boxes, np.float32),
        np.array(scores, np.float32),
        np.zeros(len(boxes), np.int64),
        angles=angles,
        **more,
    )


@pytest.mark.parametrize("method", ["greedy", "nms"])
@pytest.mark.parametrize("metric", ["ios", "iou"])
@pytest.mark.parametrize("angle", [None, 0.0])
def test_what_a_tile_cuts_does_not_stay_beside_its_whole(
    method: str, metric: str, angle: float | None
) -> None:
    whole = (100, 100, 200, 200)
    parts = [((100, 100, 130, 200), 0.95), (whole, 0.9), ((160, 100, 200, 200), 0.85)]
    cuts = np.array([RIGHT, WHOLE, LEFT])
    merged = merge(of(*parts, angle=angle), cuts, Rule(method, metric))
    assert merged.boxes.tolist() == [list(whole)]


@pytest.mark.parametrize("angle", [None, 0.0, 30.0])
def test_halves_that_no_tile_sees_whole_are_joined(angle: float | None) -> None:
    whole = np.array([100, 100, 900, 140], np.float32)
    halves = of(((100, 100, 500, 140), 0.8), ((420, 100, 900, 140), 0.9))
    if angle is not None:
        along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        middle = np.array([500, 120])
        centres = (halves.boxes[:, :2] + halves.boxes[:, 2:]) / 2
        moved = middle + (centres[:, 0] - middle[0])[:, None] * along - centres
        boxes = (halves.boxes + np.tile(moved, 2)).astype(np.float32)
        halves = Detections(
            boxes, halves.scores, halves.classes, angles=np.full(2, angle, np.float32)
        )
    merged = merge(halves, np.array([RIGHT, LEFT]), Rule())
    assert len(merged) == 1
    np.testing.assert_allclose(merged.boxes, [whole], atol=1e-3)
    assert merged.scores.tolist() == [np.float32(0.9)]
    assert len(merge(halves, np.array([RIGHT, LEFT]), Rule("nms"))) == 2
    assert len(merge(halves, uncut(halves), Rule())) == 2


def test_an_object_larger_than_four_tiles_is_one() -> None:
    corners = of(
        ((0, 0, 640, 640), 0.5),
        ((512, 0, 1000, 640), 0.6),
        ((0, 512, 640, 900), 0.7),
        ((512, 512, 1000, 900), 0.4),
    )
    cuts = np.array([RIGHT | BOTTOM, LEFT | BOTTOM, RIGHT | TOP, LEFT | TOP])
    merged = merge(corners, cuts, Rule())
    assert merged.boxes.tolist() == [[0, 0, 1000, 900]]


def test_neighbours_that_face_each_other_across_a_seam_stay_two() -> None:
    apart = of(((100, 100, 640, 140), 0.8), ((512, 300, 900, 340), 0.9))
    assert len(merge(apart, np.array([RIGHT, LEFT]), Rule())) == 2


def disc(left: int, right: int) -> Mask:
    y, x = np.ogrid[:400, :600]
    pixels = (x - 300) ** 2 + (y - 200) ** 2 < 150**2
    return Mask.of(pixels[:, left:right], left)


def test_masks_are_joined_across_a_seam_into_one() -> None:
    halves = [disc(0, 320), disc(280, 600)]
    found = of(((150, 50, 320, 350), 0.8), ((280, 50, 450, 350), 0.7), masks=halves)
    merged = merge(found, np.array([RIGHT, LEFT]), Rule())
    assert len(merged) == 1
    assert merged.masks is not None
    assert merged.masks[0].iou(disc(0, 600)) == 1


def test_masks_that_lie_in_each_others_boxes_but_share_no_pixel_stay_two() -> None:
    first = np.tri(100, 100, -5, dtype=bool)
    masks = [Mask.of(first), Mask.of(first.T)]
    found = of(((0, 0, 100, 100), 0.8), ((0, 0, 100, 100), 0.7), masks=masks)
    assert len(merge(found, uncut(found), Rule())) == 2


@pytest.mark.parametrize("method", ["greedy", "nms"])
def test_keypoints_are_those_of_the_tile_that_sees_more(method: str) -> None:
    points = np.array([[[110, 110, 0.3]], [[150, 150, 0.9]]], np.float32)
    found = of(((100, 100, 130, 200), 0.95), ((100, 100, 200, 200), 0.9), keypoints=points)
    merged = merge(found, np.array([RIGHT, WHOLE]), Rule(method))
    assert merged.keypoints is not None
    np.testing.assert_allclose(merged.keypoints, points[1:])


def test_without_merging_all_stay() -> None:
    found = some(1)
    merged = merge(found, uncut(found), Rule("none"))
    assert len(merged) == len(found)
    assert (np.diff(merged.scores) <= 0).all()


def test_ten_thousand_objects_and_their_doubles() -> None:
    across = np.arange(100, dtype=np.float32) * 40
    places = np.stack(np.meshgrid(across, across), axis=-1).reshape(-1, 2)
    boxes = np.concatenate([places, places + 30], axis=1)
    boxes = np.concatenate([boxes, boxes + 1])
    count = len(boxes)
    found = Detections(boxes, np.linspace(1, 0.2, count, dtype=np.float32), np.zeros(count, int))
    assert len(merge(found, uncut(found), Rule())) == 10_000
