"""What runs an exported network, without torch."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.errors import AnnotateError, SettingsError, WeightsError
from handler.machine import cpus
from handler.machine.machine import cpu_flags
from handler.pictures.decoding import Picture
from handler.settings import Settings


@dataclass(frozen=True)
class Normalisation:
    """What is taken off each channel, red green blue, and what the rest is divided by."""

    mean: tuple[float, float, float] = (0, 0, 0)
    scale: tuple[float, float, float] = (255, 255, 255)

    def numbers(self, picture: Picture) -> NDArray[np.float32]:
        """Return a picture as the network takes it, (1, channels, height, width), red first."""
        if picture.shape[2] == 1:
            grey = picture[None, None, ..., 0].astype(np.float32)
            return (grey - np.float32(self.mean[0])) / np.float32(self.scale[0])
        blob = cv2.dnn.blobFromImage(picture, 1, mean=self.mean, swapRB=True)
        numbers = np.asarray(blob, np.float32)
        numbers /= np.array(self.scale, np.float32)[:, None, None]
        return numbers


class RefusedError(WeightsError):
    """An engine does not run a network; another may."""


Started = TypeVar("Started")


@dataclass(frozen=True)
class Input:
    """What a network is given.

    shapes: the heights and widths that pictures are likely to have when the network sees them, the
    likeliest first; a single one where all have it.
    """

    normalisation: Normalisation
    shapes: tuple[tuple[int, int], ...]


# From the ranks of a network's answers to what it is given.
Inputs = Callable[[Sequence[int]], Input]


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
    channels: of the pictures that it takes, 3 or 1.
    ranks: the number of dimensions of each of its answers.
    versions: of the library.
    """

    size: tuple[int, int] | None
    channels: int
    ranks: tuple[int, ...]
    versions: dict[str, str]

    @classmethod
    def load(cls, network: Path, plan: Plan, inputs: Inputs) -> Self:
        """Read a network from an .xml or .onnx file; any exception means that it is damaged."""

    def run(self, picture: Picture) -> list[NDArray[np.float32]]:
        """Return the network's answers on a picture (height, width, channels).

        Each has its own shape and is valid until the next run. Of a network that takes several
        pictures at once the first is this one, and the others are black.
        """


# An engine's name, the class that runs it, and the kinds of files that it reads.
_ENGINES = {
    "openvino": ("handler.models.engines.openvino:OpenVINO", ("openvino", "onnx")),
    "onnxruntime": ("handler.models.engines.onnxruntime:ONNXRuntime", ("onnx",)),
}


def start(
    network: Path,
    kind: str,
    plan: Plan,
    inputs: Inputs,
    started: Callable[[Engine], Started],
    first: str = "",
) -> Started:
    """Load a network of `kind`, openvino or onnx, and return what `started` makes of it.

    started: runs it once: an engine may load a network whose operations it does not know. With
    the engine `auto` such a network is for the next one.
    first: the engine that `auto` tries before the others.

    Raises:
        SettingsError: the engine that was asked for does not run such a file.
        WeightsError: the file cannot be read, or no engine runs it.
    """
    by_preference = sorted(_ENGINES, key=lambda name: name != first)
    names = by_preference if plan.name == "auto" else [plan.name]
    able = [name for name in names if kind in _ENGINES.get(name, ("", ()))[1]]
    if not able:
        raise SettingsError(
            f"ANNOTATE_ENGINE={plan.name} does not run {network.name}",
            "Set ANNOTATE_ENGINE=auto, or bring the model in another form.",
        )
    refusals = []
    for name in able:
        try:
            return started(_load(name, network, plan, inputs))
        except RefusedError as error:
            refusals.append(error)
        except AnnotateError:
            raise
        except Exception as error:
            raise WeightsError(
                f"{network} fails at its first picture: {type(error).__name__}: {error}",
                "Export it again; served are models as ultralytics and YOLOv5 export them.",
            ) from error
    raise refusals[0]


def _load(name: str, network: Path, plan: Plan, inputs: Inputs) -> Engine:
    module, _, attribute = _ENGINES[name][0].partition(":")
    engine: type[Engine] = getattr(importlib.import_module(module), attribute)
    try:
        return engine.load(network, plan, inputs)
    except AnnotateError:
        raise
    except Exception as error:
        raise RefusedError(
            f"{network} cannot be read by {name}: {str(error).strip().splitlines()[-1]}",
            "Copy it again, or export it again.",
        ) from error


_BF16 = {"amx_bf16", "avx512_bf16", "bf16"}  # the last is Arm's


def precisions() -> tuple[str, ...]:
    """Return what this machine's processor computes in, the fastest first.

    OpenVINO says BF16 of any AVX-512 too, and there makes it of f32, slower.
    """
    return ("bf16", "f32") if cpu_flags() & _BF16 else ("f32",)


def filled(pictures: NDArray[Any], batch: int) -> NDArray[Any]:
    """Return pictures (1, ...) as the first of `batch`, the others zeros."""
    if batch == 1:
        return pictures
    rest = np.zeros((batch - 1, *pictures.shape[1:]), pictures.dtype)
    return np.concatenate([pictures, rest])


def fixed_side(side: Any, otherwise: int) -> int:
    """Return a side of an input's shape, or `otherwise` where it is free."""
    return side if isinstance(side, int) else otherwise
