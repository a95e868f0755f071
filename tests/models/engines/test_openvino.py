"""The answers are the same whichever network gives them, and memory bounds their number."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import openvino
import pytest
from openvino import opset13

from handler.models.engines import openvino as engine
from handler.models.engines.engine import Input, Normalisation, Plan
from handler.models.engines.networks import OfAnyShape, OfOneShape, Shape
from handler.models.folder.metadata import network_of
from tests.architectures import PHOTOGRAPHS

MIB = 2**20
SHAPES = ((256, 320), (320, 256), (192, 320))


def started(network: Path, shapes: tuple[Shape, ...] = SHAPES) -> engine.OpenVINO:
    plan = Plan("auto", 1, "f32")
    return engine.OpenVINO.load(network, plan, lambda _: Input(Normalisation(), shapes))


@pytest.fixture
def network(export_of: Callable[..., Path]) -> Path:
    return network_of(export_of("yolov8n", "openvino"))


def test_a_shape_s_own_network_answers_as_the_one_for_all(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = started(network)
    monkeypatch.setattr(engine, "most_beside_any", lambda *_: 0)
    of_any = started(network)
    photograph = np.asarray(cv2.imread(str(PHOTOGRAPHS[0])), np.uint8)
    for height, width in SHAPES:
        picture = np.asarray(cv2.resize(photograph, (width, height)), np.uint8)
        first = started(network)
        alone = [answer.copy() for answer in first.run(picture)]
        for answers in (own.run(picture), of_any.run(picture)):
            for expected, answer in zip(alone, answers, strict=True):
                np.testing.assert_allclose(answer, expected, atol=2e-3)


def test_one_network_serves_all_shapes_but_where_there_is_one_shape(
    network: Path, export_of: Callable[..., Path]
) -> None:
    assert isinstance(started(network)._networks, OfAnyShape)
    assert isinstance(started(network, SHAPES[:1])._networks, OfOneShape)
    fixed = network_of(export_of("yolov8n", "openvino", dynamic=False))
    assert isinstance(started(fixed)._networks, OfOneShape)


@pytest.mark.parametrize(
    ("flags", "kind"), [(("avx512_vnni",), OfAnyShape), (("amx_int8",), OfOneShape)]
)
def test_in_eight_bits_amx_has_a_network_for_each_shape(
    network: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    kind: type,
    tmp_path: Path,
) -> None:
    model = openvino.Core().read_model(network)
    quantise_input(model)
    openvino.save_model(model, tmp_path / "best.xml")
    monkeypatch.setattr(engine, "cpu_flags", lambda: frozenset(flags))
    assert isinstance(started(tmp_path / "best.xml")._networks, kind)


def quantise_input(model: openvino.Model) -> None:
    parameter = model.get_parameters()[0]
    readers = parameter.output(0).get_target_inputs()
    low, high = (opset13.constant(np.float32(end)) for end in (0, 1))
    steps = opset13.fake_quantize(parameter, low, high, low, high, 256)
    for reader in readers:
        reader.replace_source_output(steps.output(0))


@pytest.mark.parametrize(
    ("size", "limit", "beside_any", "of_one_shape"),
    [
        (30 * MIB, 64 * 2**30, 2, 16),
        (60 * MIB, 64 * 2**30, 1, 8),
        (130 * MIB, 64 * 2**30, 0, 3),
        (30 * MIB, 512 * MIB, 1, 4),
        (60 * MIB, 512 * MIB, 0, 2),
        (600 * MIB, 512 * MIB, 0, 2),
    ],
)
def test_memory_bounds_how_many_networks_there_are(
    size: int, limit: int, beside_any: int, of_one_shape: int
) -> None:
    assert engine.most_beside_any(size, limit) == beside_any
    assert engine.most_of_one_shape(size, limit) == of_one_shape
