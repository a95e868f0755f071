"""The area that turned boxes share, beside Shapely."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon

from handler.detection.convex import common_areas
from handler.detection.corners import corners_of

PLACES = st.floats(0, 100)
SIZES = st.floats(0.5, 80)
BOXES = st.tuples(PLACES, PLACES, SIZES, SIZES, st.floats(-180, 180))


@given(BOXES, st.lists(BOXES, min_size=1, max_size=8), st.sampled_from([0, 20_000]))
def test_it_is_what_shapely_says(
    one: tuple[float, ...], others: list[tuple[float, ...]], offset: int
) -> None:
    numbers = np.array([one, *others])
    centres = numbers[:, :2] + offset
    boxes = np.concatenate([centres - numbers[:, 2:4] / 2, centres + numbers[:, 2:4] / 2], axis=1)
    corners = corners_of(boxes, numbers[:, 4])
    first, *rest = map(Polygon, corners)
    expected = [first.intersection(other).area for other in rest]
    np.testing.assert_allclose(common_areas(corners[0], corners[1:]), expected, atol=1e-5)


def test_the_same_box_and_boxes_that_touch() -> None:
    boxes = np.array([[0, 0, 10, 20], [0, 0, 10, 20], [10, 0, 20, 20], [30, 0, 40, 9]])
    corners = corners_of(boxes, np.zeros(4))
    np.testing.assert_allclose(common_areas(corners[0], corners[1:]), [200, 0, 0], atol=1e-9)
