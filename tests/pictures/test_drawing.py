from typing import Any

import numpy as np
import pytest

from handler.detection.labels import Label
from handler.pictures.captions import Captions
from handler.pictures.drawing import draw

GREY = np.full((200, 300, 3), 128, np.uint8)
SHAPES: list[dict[str, Any]] = [
    {"type": "rectangle", "points": [100, 60, 200, 140]},
    {"type": "rectangle", "points": [100, 60, 200, 140], "rotation": 30},
    {"type": "ellipse", "points": [150, 100, 200, 60], "rotation": 30},
    {"type": "polygon", "points": [100, 60, 200, 60, 150, 140]},
    {
        "type": "mask",
        "points": [100, 60, 200, 60, 150, 140],
        "mask": np.append(np.ones(101 * 81, np.uint32), [100, 60, 200, 140]),
    },
    {
        "type": "skeleton",
        "elements": [
            {"label": "a", "points": [110, 80], "outside": False},
            {"label": "b", "points": [190, 120], "outside": False},
            {"label": "c", "points": [20, 20], "outside": True},
        ],
    },
    {"type": "points", "points": [110, 80, 190, 120]},
    {"type": "tag"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape["type"])
def test_each_shape_is_drawn_in_its_label_s_colour_where_it_lies(shape: dict[str, Any]) -> None:
    label = Label("car", shape["type"], ("a", "b", "c"), ((0, 1), (1, 2)))
    drawn = draw(GREY, [shape | {"label": "car", "confidence": 0.5}], [label])
    pixels = drawn[..., ::-1]
    assert pixels.shape == GREY.shape
    changed = (pixels != 128).any(axis=2)
    assert (pixels[changed] == label.color).all(axis=1).sum() > 50
    below_the_caption = changed[60:141]
    assert below_the_caption[:, 95:206].any() == (shape["type"] != "tag")
    assert not below_the_caption[:, :80].any()
    assert not changed[165:].any()


def test_a_shape_on_the_very_edge_keeps_its_caption_on_the_picture() -> None:
    shape = {"type": "rectangle", "points": [0, 0, 300, 200], "label": "car", "confidence": 0.5}
    pixels = draw(GREY, [shape], [Label("car")])
    assert (pixels[10, 20:60] != 128).any()


def test_captions_of_a_crowd_do_not_lie_on_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[int, int, int, int]] = []
    is_free = Captions._is_free

    def note(captions: Captions, left: int, top: int, right: int, bottom: int) -> bool:
        if is_free(captions, left, top, right, bottom):
            written.append((left, top, right, bottom))
            return True
        return False

    monkeypatch.setattr(Captions, "_is_free", note)
    random = np.random.default_rng(0)
    shapes = [
        {"type": "rectangle", "points": [x, y, x + 60, y + 40], "label": "car", "confidence": 0.5}
        for x, y in random.integers(0, (1200, 900), (120, 2)).tolist()
    ]
    draw(np.full((1000, 1300, 3), 128, np.uint8), shapes, [Label("car")])

    assert len(written) > 110
    for index, (left, top, right, bottom) in enumerate(written):
        for other in written[:index]:
            assert other[2] <= left or right <= other[0] or other[3] <= top or bottom <= other[1]


def test_the_picture_that_is_drawn_on_stays_as_it_was() -> None:
    before = GREY.copy()
    draw(before, [SHAPES[0] | {"label": "car", "confidence": 0.5}], [Label("car")])
    assert (before == GREY).all()
