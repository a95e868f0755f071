"""What to do about a model whose library is not here: the image `slim` has no torch."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from handler.errors import SettingsError, WeightsError
from handler.models.exportable import is_exportable
from handler.models.folder.checkpoint import Checkpoint

# What a family imports. A plugin may need anything, and says so when it is imported.
_LIBRARY = {
    "exported": "openvino",
    "layout": "onnxruntime",
    "torchscript": "torch",
    "torchvision": "torch",
    "ultralytics": "ultralytics",
    "yolov5": "torch",
}
_OF_THE_IMAGE = {"torch", "torchvision", "ultralytics"}
_INSTALL = Path(__file__).parents[2] / "scripts" / "install"  # not in an image


def needs_torch(family: str) -> bool:
    """Tell whether a family runs on torch."""
    return family not in ("exported", "layout", "plugin")


def check_library(weights: Path, family: str, checkpoint: Checkpoint) -> None:
    """Refuse a family whose library is not installed.

    Raises:
        WeightsError: it is not; the remedy is the command that exports the weights, if they can be.
    """
    library = _LIBRARY.get(family)
    if library is None or find_spec(library) is not None:
        return
    raise WeightsError(
        f"{weights} needs {library}, which is not here",
        _export(weights.name) if is_exportable(family, checkpoint) else _bring_it(),
    )


def check_tool(what: str, library: str) -> None:
    """Refuse what needs a library that is not installed.

    Raises:
        SettingsError: it is not.
    """
    if find_spec(library) is None:
        raise SettingsError(f"{what} needs {library}, which is not here", _bring_it())


def check_extra(what: str, library: str, extra: str) -> None:
    """Refuse what needs an optional package that is not installed; it comes with `extra`.

    Raises:
        SettingsError: it is not.
    """
    if find_spec(library) is None:
        raise SettingsError(
            f"{what} needs {library}, which is not here",
            f"Install it: pip install 'auto-annotate[{extra}]', or from the repository "
            f"pip install '.[{extra}]'.",
        )


def remedy_for(error: Exception, otherwise: str) -> str:
    """Return what to do about an error of a plugin: bring torch, if that is what it lacks."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return _bring_it() if (missing or "").partition(".")[0] in _OF_THE_IMAGE else otherwise


def running_variant(gpu: bool) -> str:
    """Return the end of the tag of the image that runs: "slim", or nothing where there is torch.

    gpu: whether the function is to run on a GPU, which the image `slim` does not.
    """
    in_image = not _INSTALL.exists()
    return "slim" if in_image and not gpu and find_spec("torch") is None else ""


def _image() -> str:
    return f"auto-annotate:{version('auto-annotate')}"


def _bring_it() -> str:
    if _INSTALL.exists():
        return "Install it with ./scripts/install runtime."
    return f"Use the image {_image()}, which has it."


def _export(name: str) -> str:
    if _INSTALL.exists():
        return _bring_it()
    return (
        'Export it: docker run --rm --user "$(id -u)" -v DIR:/model -v PICTURES:/pictures '
        f"{_image()} auto-annotate export --weights /model/{name} --images /pictures "
        f"--out /model/exported; then mount DIR/exported. Or use {_image()}"
    )
