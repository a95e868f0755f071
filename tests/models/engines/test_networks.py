"""Which network answers a shape, and what is compiled when."""

from typing import Any

import numpy as np
import pytest

from handler.models.engines.idle import Idle
from handler.models.engines.networks import OfAnyShape, OfOneShape, Shape

WIDE, TALL, SQUARE = (384, 640), (640, 384), (640, 640)


class Compiler:
    """Notes what is compiled; a network's request is what it was compiled for."""

    def __init__(self) -> None:
        self.compiled: list[Shape | None] = []
        self.run: list[tuple[int, ...]] = []

    def __call__(self, shape: Shape | None) -> Any:
        self.compiled.append(shape)
        compiler = self

        class Network:
            def create_infer_request(self) -> Any:
                return Request()

        class Request:
            of = shape

            def infer(self, tensors: list[Any]) -> None:
                compiler.run.append(tuple(np.asarray(tensors[0].data).shape))

        return Network()


@pytest.mark.parametrize("most", [2, 3])
def test_of_one_shape_those_asked_for_last_stay_compiled(most: int) -> None:
    compiler = Compiler()
    networks = OfOneShape(compiler, most)
    shapes = [(32, 32 * width) for width in range(1, most + 2)]
    for shape in [*shapes[:most], *shapes[:most]]:
        assert networks.request(shape).of == shape
    assert compiler.compiled == shapes[:most]
    networks.request(shapes[most])
    for shape in shapes[1:]:
        networks.request(shape)
    assert compiler.compiled == shapes
    networks.request(shapes[0])
    assert compiler.compiled == [*shapes, shapes[0]]


def test_new_shapes_are_answered_by_the_one_network_for_all() -> None:
    compiler = Compiler()
    networks = OfAnyShape(compiler, Idle(), 0, [])
    for width in range(1, 30):
        assert networks.request((32, 32 * width)).of is None
    assert compiler.compiled == [None]


def test_the_first_shape_has_its_own_network_if_there_is_room() -> None:
    compiler = Compiler()
    networks = OfAnyShape(compiler, Idle(), 1, [])
    assert networks.request(WIDE).of == WIDE
    assert compiler.compiled == [WIDE]
    assert networks.request(TALL).of is None
    assert networks.request(WIDE).of == WIDE


def test_after_some_frames_the_likely_shapes_are_run_once_beside_them() -> None:
    compiler, idle = Compiler(), Idle()
    networks = OfAnyShape(compiler, idle, 1, [WIDE, TALL, SQUARE])
    networks.request(WIDE)
    idle.finish()
    assert compiler.compiled == [WIDE]
    for _ in range(2):
        networks.request(WIDE)
    idle.finish()
    assert compiler.compiled == [WIDE, None]
    assert compiler.run == []
    for _ in range(9):
        networks.request(WIDE)
    idle.finish()
    assert compiler.compiled == [WIDE, None]
    assert compiler.run == [(1, *TALL, 3), (1, *SQUARE, 3)]


def test_a_frequent_shape_gets_its_own_and_takes_the_place_of_one_that_is_rare() -> None:
    compiler, idle = Compiler(), Idle()
    networks = OfAnyShape(compiler, idle, 1, [])
    networks.request(WIDE)
    answered = [networks.request(TALL).of for _ in range(20)]
    assert answered[:7] == [None] * 7
    idle.finish()
    assert networks.request(TALL).of == TALL
    assert networks.request(WIDE).of is None
    assert compiler.compiled.count(TALL) == 1


def test_two_shapes_that_are_as_frequent_do_not_drive_each_other_out() -> None:
    compiler, idle = Compiler(), Idle()
    networks = OfAnyShape(compiler, idle, 1, [])
    for _ in range(50):
        networks.request(WIDE)
        networks.request(TALL)
    idle.finish()
    assert compiler.compiled == [WIDE, None]


def test_frequent_shapes_have_networks_side_by_side_where_there_is_room() -> None:
    compiler, idle = Compiler(), Idle()
    networks = OfAnyShape(compiler, idle, 2, [])
    for _ in range(20):
        networks.request(WIDE)
        networks.request(TALL)
    idle.finish()
    assert [networks.request(shape).of for shape in (WIDE, TALL, SQUARE)] == [WIDE, TALL, None]
