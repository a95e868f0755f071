import numpy as np
import orjson
import pytest

from handler.cvat.shapes import shapes_of, to_json
from handler.detection.detections import Detections, Mask
from handler.detection.labels import Label


def found(*masks: Mask) -> Detections:
    return Detections(
        boxes=np.zeros((len(masks), 4), np.float32),
        scores=np.full(len(masks), 0.5, np.float32),
        classes=np.zeros(len(masks), np.int64),
        masks=masks,
    )


def cross() -> Mask:
    return Mask.of(np.array([[0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 1, 1], [0, 0, 1, 0]]), 10, 20)


def test_a_mask_is_its_cut_out_and_the_inclusive_corners() -> None:
    (shape,) = shapes_of(found(cross()), [Label("car", "mask")], 640, 480)
    assert shape["mask"].tolist() == [0, 1, 0, 1, 1, 1, 0, 1, 0, 11, 21, 13, 23]
    assert len(shape["points"]) >= 6


def test_a_mask_is_written_as_plain_numbers() -> None:
    shapes = shapes_of(found(cross()), [Label("car", "mask")], 640, 480)
    written = orjson.loads(to_json(shapes))
    assert written == [{**shapes[0], "mask": shapes[0]["mask"].tolist()}]


def test_what_is_neither_json_nor_a_mask_is_not_written() -> None:
    with pytest.raises(TypeError):
        to_json([{"points": {1, 2}}])


def test_an_empty_mask_is_left_out() -> None:
    empty = Mask.of(np.zeros((4, 4)))
    assert shapes_of(found(empty), [Label("car", "mask")], 640, 480) == []


def test_the_parts_of_an_object_are_polygons_of_one_group() -> None:
    pixels = np.zeros((20, 60), bool)
    pixels[2:18, 2:20] = pixels[2:18, 40:58] = True
    objects = found(Mask.of(pixels), cross(), Mask.of(pixels))
    shapes = shapes_of(objects, [Label("car", "polygon")], 640, 480)
    assert [shape.get("group_id") for shape in shapes] == [1, 1, None, 2, 2]
    assert shapes[0]["points"] == [40, 2, 40, 18, 58, 18, 58, 2]


def test_points_go_through_every_part() -> None:
    pixels = np.zeros((20, 60), bool)
    pixels[2:18, 2:20] = pixels[2:18, 40:58] = True
    (shape,) = shapes_of(found(Mask.of(pixels)), [Label("car", "mask")], 640, 480)
    assert {2, 58} <= set(shape["points"][::2])
