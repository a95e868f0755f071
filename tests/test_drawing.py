import numpy as np

from handler.drawing import color_of, draw


def test_a_rectangle_is_drawn_in_its_label_s_colour() -> None:
    picture = np.full((200, 300, 3), 255, np.uint8)
    shape = {"label": "car", "type": "rectangle", "points": [50, 60, 250, 160], "confidence": 0.9}
    drawn = np.asarray(draw(picture, [shape]))
    for x, y in [(50, 100), (250, 100), (150, 60), (150, 160)]:
        assert tuple(drawn[y, x]) == color_of("car")
    assert tuple(drawn[100, 150]) == (255, 255, 255)
    assert picture.min() == 255


def test_channels_are_put_in_order() -> None:
    blue = np.zeros((8, 8, 3), np.uint8)
    blue[..., 0] = 255
    assert draw(blue, []).getpixel((0, 0)) == (0, 0, 255)


def test_a_caption_stays_on_the_picture() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    shape = {"label": "car", "type": "rectangle", "points": [0, 0, 100, 100], "confidence": 0.9}
    drawn = np.asarray(draw(picture, [shape]))
    assert (drawn[:15, :40].reshape(-1, 3) == color_of("car")).all(axis=1).sum() > 100


def test_colours_are_stable_and_differ() -> None:
    assert color_of("car") == color_of("car")
    assert len({color_of(name) for name in ("car", "bus", "person", "bicycle")}) == 4
