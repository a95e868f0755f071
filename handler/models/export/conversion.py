"""From a .pt to OpenVINO or ONNX, for pictures of any shape."""

import importlib
import warnings
from collections.abc import Callable
from pathlib import Path

from handler.errors import WeightsError
from handler.models.exportable import CONVERTERS, is_exportable
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.settings import Settings

# Takes the folder, what the file says of itself, the kind to write, the options, the settings and
# the folder to write to; returns the file or folder that it made there.
Converter = Callable[[ModelFolder, Checkpoint, str, Options, Settings, Path], Path]


def recognise_exportable(folder: ModelFolder) -> tuple[str, Checkpoint]:
    """Return what `recognise` does, of weights that `convert` takes.

    Raises:
        WeightsError: it does not take them.
    """
    family, checkpoint = recognise(folder)
    if not is_exportable(family, checkpoint):
        raise WeightsError(
            f"{folder.weights} is of the family {family}, which is not exported",
            "Exported are .pt files of ultralytics and of YOLOv5's own repository.",
        )
    return family, checkpoint


def convert(
    folder: ModelFolder, kind: str, options: Options, settings: Settings, out: Path
) -> Path:
    """Write the network as `kind`, openvino or onnx, into the folder `out` and return its path.

    Raises:
        WeightsError: the weights cannot be converted.
    """
    family, checkpoint = recognise_exportable(folder)
    module, _, name = CONVERTERS[family].partition(":")
    converter: Converter = getattr(importlib.import_module(module), name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about shapes that are the same always
        try:
            return converter(folder, checkpoint, kind, options, settings, out)
        except WeightsError:
            raise
        except Exception as error:
            raise WeightsError(
                f"{folder.weights} cannot be exported to {kind}: {error}",
                "Serve the .pt itself.",
            ) from error
