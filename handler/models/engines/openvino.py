"""Networks on OpenVINO, which computes on CPUs."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import Dimension, Layout, PartialShape, Type
from openvino.preprocess import ColorFormat, PrePostProcessor

from handler.machine.machine import cpu_flags, memory
from handler.models.channels import SERVED, check_channels
from handler.models.engines.engine import (
    Inputs,
    Normalisation,
    Plan,
    RefusedError,
    filled,
    fixed_side,
)
from handler.models.engines.idle import Idle
from handler.models.engines.networks import Networks, OfAnyShape, OfOneShape, Shape
from handler.pictures.decoding import Picture

_MIB = 2**20
_OF_A_SHAPE = 24 * _MIB  # what a network takes besides its weights, about
_BYTES = {"f32": 4, "bf16": 2}


class OpenVINO:
    """A network that takes pictures as they are: pixels become numbers inside its graph."""

    def __init__(self, core: Any, model: Any, plan: Plan, inputs: Inputs) -> None:
        sides = _sides(model)
        self.channels = fixed_side(sides[1], 3)
        self._batch = fixed_side(sides[0], 1)
        rows, columns = sides[2:]
        self.size = None if rows is None or columns is None else (rows, columns)
        self.ranks = tuple(len(output.partial_shape) for output in model.outputs)
        self.versions = {"openvino": openvino.__version__.partition("-")[0]}
        given = inputs(self.ranks)
        self._core = core
        self._reshaping = threading.Lock()
        self._properties = {
            "INFERENCE_PRECISION_HINT": plan.precision,
            "INFERENCE_NUM_THREADS": plan.threads,
            "PERFORMANCE_HINT": "LATENCY",
            # Pinned, each worker and each container would choose the same processors.
            "ENABLE_CPU_PINNING": False,
        }
        self.idle = Idle()
        self._networks = self._networks_for(model, plan.precision, given.shapes)
        self._model = _with_pixels(model, given.normalisation, self.channels)

    @classmethod
    def load(cls, network: Path, plan: Plan, inputs: Inputs) -> "OpenVINO":
        """Read a network from an .xml or .onnx file; OpenVINO raises RuntimeError if it cannot."""
        core = openvino.Core()
        model = core.read_model(network)
        check_channels(network, fixed_side(_sides(model)[1], 3), SERVED)
        return cls(core, model, plan, inputs)

    def run(self, picture: Picture) -> list[NDArray[np.float32]]:
        """Return the answers to one picture, (h, w, channels) uint8; see `engine.Engine.run`."""
        with self.idle.frame():
            pixels = filled(np.require(picture, requirements=("C", "W"))[None], self._batch)
            answers = self._request((picture.shape[0], picture.shape[1])).infer(
                [openvino.Tensor(pixels, shared_memory=True)], share_outputs=True
            )
            return [np.asarray(answer, np.float32) for answer in answers.values()]

    def _request(self, shape: Shape) -> Any:
        try:
            return self._networks.request(shape)
        except RuntimeError as error:
            raise RefusedError(
                f"OpenVINO does not run this network: {str(error).strip().splitlines()[-1]}",
                "Export it to OpenVINO instead of ONNX, or set ANNOTATE_ENGINE=onnxruntime.",
            ) from error

    def _compile(self, shape: Shape | None) -> Any:
        height, width = shape or (Dimension(), Dimension())
        with self._reshaping:
            self._model.reshape(PartialShape([self._batch, height, width, self.channels]))
            return self._core.compile_model(self._model, "CPU", self._properties)

    def _networks_for(self, model: Any, precision: str, shapes: Sequence[Shape]) -> Networks:
        each = _OF_A_SHAPE + _size_of_weights(model, _BYTES[precision])
        if self.size or len(shapes) == 1 or not _runs_any_shape(model):
            return OfOneShape(self._compile, most_of_one_shape(each, memory()))
        return OfAnyShape(self._compile, self.idle, most_beside_any(each, memory()), shapes)


def most_beside_any(size: int, limit: int) -> int:
    """Return how many networks of `size` bytes to have beside the one for all shapes.

    limit: the memory of the container. One more of a large network would gain a hundredth of the
    time for a third of the memory.
    """
    return min(72 * _MIB, limit // 16) // size


def most_of_one_shape(size: int, limit: int) -> int:
    """Return how many networks of `size` bytes to have where there is none for all shapes."""
    return min(max(2, min(512 * _MIB, limit // 4) // size), 16)


def _runs_any_shape(model: Any) -> bool:
    """Tell whether a network can be compiled for all shapes.

    In eight bits, on processors with AMX, OpenVINO 2026.1 to 2026.4 ends the process at some
    shapes: https://github.com/openvinotoolkit/openvino/issues/37577.
    """
    eight_bits = any(node.get_type_name() == "FakeQuantize" for node in model.get_ops())
    return not (eight_bits and "amx_int8" in cpu_flags())


def _size_of_weights(model: Any, size_of_float: int) -> int:
    """Return the bytes of a network's weights as it computes with them."""
    weights = [node for node in model.get_ops() if node.get_type_name() == "Constant"]
    return int(
        sum(
            math.prod(node.output(0).shape)
            * (size_of_float if node.get_element_type().is_real() else node.get_element_type().size)
            for node in weights
        )
    )


def _sides(model: Any) -> list[int | None]:
    """Return the input's shape, (n, channels, height, width); None where a side is free."""
    shape = model.input().partial_shape
    return [side.get_length() if side.is_static else None for side in shape]


def _with_pixels(model: Any, normalisation: Normalisation, channels: int) -> Any:
    """Return the model with an input of (n, height, width, channels) uint8, blue first."""
    steps = PrePostProcessor(model)
    pixels = steps.input().tensor()
    pixels.set_element_type(Type.u8).set_layout(Layout("NHWC"))
    numbers = steps.input().preprocess()
    numbers.convert_element_type(Type.f32)
    if channels == 3:
        pixels.set_color_format(ColorFormat.BGR)
        numbers.convert_color(ColorFormat.RGB)
    numbers.mean(list(normalisation.mean[:channels])).scale(list(normalisation.scale[:channels]))
    steps.input().model().set_layout(Layout("NCHW"))
    return steps.build()
