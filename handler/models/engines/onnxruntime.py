"""Networks on ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from handler.models.channels import SERVED, check_channels
from handler.models.engines.engine import Inputs, Plan, filled, fixed_side
from handler.pictures.decoding import Picture

_NUMBERS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_ERRORS_ONLY = 3


class ONNXRuntime:
    """A network in an ONNX file."""

    def __init__(self, session: Any, inputs: Inputs) -> None:
        (takes,) = session.get_inputs()
        self.channels = fixed_side(takes.shape[1], 3)
        self._batch = fixed_side(takes.shape[0], 1)
        fixed = all(isinstance(side, int) for side in takes.shape[2:])
        self.size = (takes.shape[2], takes.shape[3]) if fixed else None
        self.ranks = tuple(len(output.shape) for output in session.get_outputs())
        self.versions = {"onnxruntime": onnxruntime.__version__}
        self._session = session
        self._name = takes.name
        self._type = _NUMBERS[takes.type]
        self._normalisation = inputs(self.ranks).normalisation

    @classmethod
    def load(cls, network: Path, plan: Plan, inputs: Inputs) -> "ONNXRuntime":
        """Read an .onnx file; see `engine.Engine.load`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = plan.threads
        options.log_severity_level = _ERRORS_ONLY
        session = onnxruntime.InferenceSession(network, options, ["CPUExecutionProvider"])
        check_channels(network, fixed_side(session.get_inputs()[0].shape[1], 3), SERVED)
        return cls(session, inputs)

    def run(self, picture: Picture) -> list[NDArray[np.float32]]:
        """Return the answers to one picture, (h, w, channels) uint8; see `engine.Engine.run`."""
        numbers = filled(self._normalisation.numbers(picture), self._batch)
        answers = self._session.run(None, {self._name: numbers.astype(self._type, copy=False)})
        return [np.asarray(answer, np.float32) for answer in answers]
