"""Tiles of a picture, beside the slices of SAHI."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sahi.slicing import get_slice_bboxes

from handler.pictures.tiles import Tile, Tiling, count, cut

SIDES = st.integers(1, 4000)


@given(SIDES, SIDES, st.tuples(st.integers(32, 2000), st.integers(32, 2000)), st.floats(0, 0.9))
def test_they_lie_where_sahi_slices(
    width: int, height: int, size: tuple[int, int], overlap: float
) -> None:
    slices = get_slice_bboxes(height, width, size[0], size[1], True, overlap, overlap)
    made = cut(width, height, size, overlap)
    assert [list(tile) for tile in made] == slices
    assert count(width, height, size, overlap) == len(slices)


def test_they_are_views_of_the_picture() -> None:
    picture = np.arange(90, dtype=np.uint8).reshape(5, 6, 3)
    tile = Tile(2, 1, 5, 4).of(picture)
    assert tile.shape == (3, 3, 3)
    assert np.shares_memory(tile, picture)


@pytest.mark.parametrize(
    ("width", "height", "tiles"),
    [
        (1280, 1280, 0),  # not larger than `above`
        (1281, 300, 3),
        (4000, 1, 8),
        (1, 4000, 8),
        (4000, 3000, 48),
    ],
)
def test_small_pictures_have_none(width: int, height: int, tiles: int) -> None:
    assert len(Tiling(size=(640, 640)).tiles(width, height)) == tiles


def test_a_tile_larger_than_the_picture_is_none() -> None:
    assert Tiling(size=(5000, 5000)).tiles(4000, 3000) == []
    assert Tiling(size=(5000, 2100)).tiles(4000, 3000) == [
        Tile(0, 0, 2100, 3000),
        Tile(1680, 0, 3780, 3000),
        Tile(1900, 0, 4000, 3000),
    ]


def test_only_inner_edges_cut() -> None:
    extents = np.array([[0, 0, 640, 640], [3, 3, 637, 637]], np.float32)
    first, last = Tile(0, 0, 640, 640), Tile(640, 640, 1280, 1280)
    assert first.cuts(extents, 1280, 1280).tolist() == [[False, False, True, True], [False] * 4]
    assert last.cuts(extents + 640, 1280, 1280).tolist() == [
        [True, True, False, False],
        [False] * 4,
    ]
