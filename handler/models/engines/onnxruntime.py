"""Networks on ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from handler.models.engines.engine import Inputs, Plan
from handler.pictures.decoding import Picture

_NUMBERS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_ERRORS_ONLY = 3


class ONNXRuntime:
    """A network in an ONNX file."""

    def __init__(self, session: Any, inputs: Inputs) -> None:
        (takes,) = session.get_inputs()
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
        return cls(session, inputs)

    def run(self, picture: Picture) -> list[NDArray[np.float32]]:
        """Return the network's answers to one picture, (h, w, 3) uint8; see `engine.Engine.run`."""
        numbers = self._normalisation.numbers(picture)
        answers = self._session.run(None, {self._name: numbers.astype(self._type, copy=False)})
        return [np.asarray(answer, np.float32) for answer in answers]
