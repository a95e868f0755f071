"""What runs an exported network, without torch."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from handler import cpus
from handler.errors import SettingsError, WeightsError
from handler.images import Picture
from handler.settings import Settings


@dataclass(frozen=True)
class Normalisation:
    """What is taken off each channel, red green blue, and what the rest is divided by."""

    mean: tuple[float, float, float] = (0, 0, 0)
    scale: tuple[float, float, float] = (255, 255, 255)

    def numbers(self, picture: Picture) -> NDArray[np.float32]:
        """Return a picture as the network takes it, (1, 3, height, width), red first."""
        numbers = np.asarray(cv2.dnn.blobFromImage(picture, 1, mean=self.mean, swapRB=True))
        return np.asarray(numbers / np.array(self.scale, np.float32)[:, None, None])


# From the ranks of a network's answers to how it takes colours.
Colours = Callable[[Sequence[int]], Normalisation]


@dataclass(frozen=True)
class Plan:
    """How an engine is to run.

    name: auto, or an engine's. precision: f32 or bf16, of all that is not in eight bits.
    """

    name: str
    threads: int
    precision: str

    @classmethod
    def of(cls, settings: Settings, config: dict[str, Any]) -> "Plan":
        """Read the settings, and of model.yaml the precision that was verified.

        It is left where this machine does not compute in it: f32 is nearer to the original.
        """
        precision = settings.precision
        if precision == "auto":
            able = config.get("precision", "f32").endswith("bf16") and "bf16" in precisions()
            precision = "bf16" if able else "f32"
        return cls(settings.engine, settings.threads or cpus.available(), precision)


class Engine(Protocol):
    """A network that is ready to run.

    size: the height and width that it sees; None where they are free.
    ranks: the number of dimensions of each of its answers.
    versions: of the library.
    """

    size: tuple[int, int] | None
    ranks: tuple[int, ...]
    versions: dict[str, str]

    @classmethod
    def load(cls, network: Path, plan: Plan, colours: Colours) -> Self:
        """Read a network from an .xml or .onnx file; any exception means that it is damaged."""

    def run(self, picture: Picture) -> list[NDArray[np.float32]]:
        """Return the network's answers, each of its own shape; valid until the next run."""


# An engine's name, the class that runs it, and the kinds of files that it reads.
_ENGINES = {
    "openvino": ("handler.models.engines.openvino:OpenVINO", ("openvino", "onnx")),
    "onnxruntime": ("handler.models.engines.onnxruntime:ONNXRuntime", ("onnx",)),
}


def load(network: Path, kind: str, plan: Plan, colours: Colours) -> Engine:
    """Load a network of `kind`, openvino or onnx.

    Raises:
        SettingsError: the engine that was asked for does not run such a file.
        WeightsError: the file cannot be read.
    """
    name = "openvino" if plan.name == "auto" else plan.name
    path, kinds = _ENGINES.get(name, ("", ()))
    if kind not in kinds:
        raise SettingsError(
            f"ANNOTATE_ENGINE={name} does not run {network.name}",
            "Set ANNOTATE_ENGINE=auto, or bring the model in another form.",
        )
    module, _, attribute = path.partition(":")
    engine: type[Engine] = getattr(importlib.import_module(module), attribute)
    try:
        return engine.load(network, plan, colours)
    except Exception as error:
        raise WeightsError(
            f"{network} cannot be read by {name}: {str(error).strip().splitlines()[-1]}",
            "Copy it again, or export it again.",
        ) from error


def precisions() -> tuple[str, ...]:
    """Return what this machine's processor computes in, the fastest first."""
    import openvino

    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("bf16", "f32") if "BF16" in able else ("f32",)
