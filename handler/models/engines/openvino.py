"""Networks on OpenVINO, which computes on CPUs."""

import math
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import Layout, Type
from openvino.preprocess import ColorFormat, PrePostProcessor

from handler.models.engines.engine import Colours, Normalisation, Plan, RefusedError
from handler.pictures.decoding import Picture

# Of the shapes of pictures that stay compiled. Each has a copy of the weights in its own order.
_MEMORY = 512 * 2**20
_FEWEST, _MOST = 2, 16


class OpenVINO:
    """A network that takes pictures as they are: pixels become numbers inside its graph."""

    def __init__(self, core: Any, model: Any, plan: Plan, colours: Colours) -> None:
        rows, columns = model.input().partial_shape[2], model.input().partial_shape[3]
        fixed = rows.is_static and columns.is_static
        self.size = (rows.get_length(), columns.get_length()) if fixed else None
        self.ranks = tuple(len(output.partial_shape) for output in model.outputs)
        self.versions = {"openvino": openvino.__version__.partition("-")[0]}
        self._most = min(max(_FEWEST, _MEMORY // _size_of_weights(model)), _MOST)
        self._core = core
        self._model = _with_pixels(model, colours(self.ranks))
        self._properties = {
            "INFERENCE_PRECISION_HINT": plan.precision,
            "INFERENCE_NUM_THREADS": plan.threads,
            "PERFORMANCE_HINT": "LATENCY",
            # Pinned, each worker and each container would choose the same processors.
            "ENABLE_CPU_PINNING": False,
        }
        self._requests: OrderedDict[tuple[int, ...], Any] = OrderedDict()

    @classmethod
    def load(cls, network: Path, plan: Plan, colours: Colours) -> "OpenVINO":
        """Read an .xml or .onnx file; it is compiled for a shape when that comes."""
        core = openvino.Core()
        return cls(core, core.read_model(network), plan, colours)

    def run(self, picture: Picture) -> list[NDArray[np.float32]]:
        """Return the network's answers to one picture, (h, w, 3) uint8; see `engine.Engine.run`."""
        answers = self._request(picture.shape).infer(
            [
                openvino.Tensor(
                    np.require(picture, requirements=("C", "W"))[None], shared_memory=True
                )
            ],
            share_outputs=True,
        )
        return [np.asarray(answer, np.float32) for answer in answers.values()]

    def _request(self, shape: tuple[int, ...]) -> Any:
        """Return what runs pictures of one shape: compiled for it alone it is a fifth faster."""
        if shape in self._requests:
            self._requests.move_to_end(shape)
            return self._requests[shape]
        try:
            self._model.reshape([1, *shape])
            compiled = self._core.compile_model(self._model, "CPU", self._properties)
        except RuntimeError as error:
            raise RefusedError(
                f"OpenVINO does not run this network: {str(error).strip().splitlines()[-1]}",
                "Export it to OpenVINO instead of ONNX, or set ANNOTATE_ENGINE=onnxruntime.",
            ) from error
        self._requests[shape] = compiled.create_infer_request()
        if len(self._requests) > self._most:
            self._requests.popitem(last=False)
        return self._requests[shape]


def _size_of_weights(model: Any) -> int:
    """Return the bytes that a network's weights take as numbers of 32 bits."""
    weights = (node for node in model.get_ops() if node.get_type_name() == "Constant")
    return int(4 * sum(math.prod(node.output(0).shape) for node in weights))


def _with_pixels(model: Any, normalisation: Normalisation) -> Any:
    """Return the model with an input of (1, height, width, 3) uint8, blue first."""
    steps = PrePostProcessor(model)
    pixels = steps.input().tensor()
    pixels.set_element_type(Type.u8).set_layout(Layout("NHWC")).set_color_format(ColorFormat.BGR)
    numbers = steps.input().preprocess()
    numbers.convert_element_type(Type.f32).convert_color(ColorFormat.RGB)
    numbers.mean(list(normalisation.mean)).scale(list(normalisation.scale))
    steps.input().model().set_layout(Layout("NCHW"))
    return steps.build()
