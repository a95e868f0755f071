"""From a .pt to OpenVINO or ONNX, for pictures of any shape."""

import importlib
import warnings
from collections.abc import Callable
from pathlib import Path

from handler.errors import WeightsError
from handler.models import families
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings

# A family whose .pt files are converted, and the function that does it, imported when needed. It
# takes the folder, what the file says of itself, the kind to write, the options, the settings and
# the folder to write to; it returns the file or folder that it made there.
CONVERTERS = {
    "ultralytics": "handler.models.ultralytics.conversion:convert",
    "yolov5": "handler.models.yolov5.conversion:convert",
}
Converter = Callable[[ModelFolder, Checkpoint, str, Options, Settings, Path], Path]


def is_exportable(family: str, checkpoint: Checkpoint) -> bool:
    """Tell whether `convert` takes such weights: what `families.recognise` returns for a folder."""
    return family in CONVERTERS and checkpoint.kind == "pickle"


def check_exportable(folder: ModelFolder) -> None:
    """Raise a WeightsError unless `convert` takes the weights of a folder."""
    family, checkpoint = families.recognise(folder)
    if not is_exportable(family, checkpoint):
        raise WeightsError(
            f"{folder.weights} is of the family {family}, which is not exported",
            "Exported are .pt files of ultralytics and of YOLOv5's own repository.",
        )


def convert(
    folder: ModelFolder, kind: str, options: Options, settings: Settings, out: Path
) -> Path:
    """Write the network as `kind`, openvino or onnx, into the folder `out` and return its path.

    Raises:
        WeightsError: the weights cannot be converted.
    """
    check_exportable(folder)
    family, checkpoint = families.recognise(folder)
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
