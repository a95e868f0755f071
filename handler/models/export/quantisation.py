"""Networks of OpenVINO in eight bits, by NNCF's post-training quantisation.

What a network answers with stays in single precision, and so do the last layers before it: a box
reaches to 640, a score to 1, and where both have the 256 steps of one scale all scores are 0.
"""

import contextlib
import importlib
import importlib.util
import io
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handler.models.export.pictures import Pictures
from handler.models.export.rewriting import rewrite
from handler.pictures.decoding import Picture

_LAYERS = {
    "Convolution",
    "ConvolutionBackpropData",
    "GroupConvolution",
    "GroupConvolutionBackpropData",
    "MatMul",
}
_NOT_COMPUTED = {"Constant", "Parameter", "ShapeOf"}
_REARRANGES = {"Reshape", "Transpose"}


@dataclass(frozen=True)
class Recipe:
    """How to quantise.

    preset: NNCF's, `performance` has activations with 0 in the middle of their scale, `mixed` where
    it has to be. float_layers: how many layers before each answer keep single precision.
    """

    preset: str
    float_layers: int


def quantise(
    network: Path,
    pictures: Pictures,
    numbers_of: Callable[[Picture], NDArray[np.float32]],
    recipe: Recipe,
    *,
    transformer: bool,
) -> None:
    """Rewrite an .xml and the .bin beside it.

    pictures: such as it will see; a few hundred. numbers_of: what it takes in place of one.
    """
    import openvino

    with contextlib.redirect_stdout(io.StringIO()):  # NNCF draws progress bars
        nncf = import_nncf()
        model = openvino.Core().read_model(network)
        quantised = nncf.quantize(
            model,
            nncf.Dataset(pictures, lambda each: numbers_of(each[1])),
            preset=nncf.QuantizationPreset(recipe.preset),
            subset_size=len(pictures),
            model_type=nncf.ModelType.TRANSFORMER if transformer else None,
            ignored_scope=nncf.IgnoredScope(names=sorted(answering(model, recipe.float_layers))),
        )
    rewrite(network, quantised, half=False)


def answering(model: Any, layers: int) -> set[str]:
    """Return the names of the operations that make answers of what the last layers give.

    The last `layers` layers on each way to an answer are among them.
    """
    found: dict[str, int] = {}  # the fewest layers between an operation and an answer
    left = [(result.input_value(0).get_node(), 0) for result in model.get_results()]
    while left:
        node, after = left.pop()
        passed = after + _is_layer(node)
        name = node.get_friendly_name()
        if node.get_type_name() in _NOT_COMPUTED or passed > layers:
            continue
        if passed < found.get(name, layers + 1):
            found[name] = passed
            left += [(value.get_node(), passed) for value in node.input_values()]
    return set(found)


def _is_layer(node: Any) -> bool:
    """Tell whether an operation has trained weights.

    Of a softmax a convolution makes an expectation (DFL, arXiv 2006.04388): that is decoding.
    """
    if node.get_type_name() not in _LAYERS:
        return False
    source = node.input_value(0).get_node()
    while source.get_type_name() in _REARRANGES:
        source = source.input_value(0).get_node()
    return bool(source.get_type_name() != "Softmax")


def import_nncf() -> Any:
    """Import NNCF, quiet.

    It imports scipy, 140 MB, for one function by which weights alone are compressed; without scipy
    an empty module takes its place meanwhile.
    """
    absent = {}
    if importlib.util.find_spec("scipy") is None:
        linear_algebra = ModuleType("scipy.linalg")
        linear_algebra.__dict__["lstsq"] = np.linalg.lstsq
        absent = {"scipy": ModuleType("scipy"), "scipy.linalg": linear_algebra}
    sys.modules.update(absent)
    try:
        nncf: Any = importlib.import_module("nncf")
    finally:
        for name in absent:
            del sys.modules[name]
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf
