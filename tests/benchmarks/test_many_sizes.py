import numpy as np

from benchmarks.many_sizes import FIRST, SIZES, order
from handler.pictures.letterbox import Letterbox


def test_forty_pictures_are_letterboxed_to_fourteen_shapes() -> None:
    sizes = order()
    assert len(sizes) == 40
    assert set(sizes) == set(SIZES)
    seen = {
        Letterbox.fit(np.empty((size.height, size.width, 3), np.uint8), (640, 640), 32)[0].shape
        for size in sizes
    }
    assert len(seen) == 14


def test_some_shapes_are_new_after_the_first_pictures() -> None:
    sizes = order()
    assert len(set(sizes[FIRST:]) - set(sizes[:FIRST])) >= 4
