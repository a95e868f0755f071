"""What to do about a model that needs torch where there is none, as in the image `slim`."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from handler.errors import WeightsError
from handler.models.checkpoint import Checkpoint

_LIBRARIES = {"torch", "torchvision", "ultralytics"}
_INSTALL = Path(__file__).parents[2] / "scripts" / "install"  # not in an image


def needs_torch(family: str) -> bool:
    """Tell whether a family runs on torch; a plugin may, and says so when it is imported."""
    return family not in ("exported", "plugin")


def check_torch(weights: Path, family: str, checkpoint: Checkpoint) -> None:
    """Refuse a family that needs torch if it is not installed.

    Raises:
        WeightsError: it is not; the remedy is the command that exports the weights.
    """
    if not needs_torch(family) or find_spec("torch") is not None:
        return
    exports = (family, checkpoint.kind) == ("ultralytics", "pickle")
    raise WeightsError(
        f"{weights} needs torch, which is not here",
        _export(weights.name) if exports and not _INSTALL.exists() else _with_torch(),
    )


def remedy_for(error: Exception, otherwise: str) -> str:
    """Return what to do about an error of a plugin: bring torch if that is what it lacks."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return _with_torch() if (missing or "").partition(".")[0] in _LIBRARIES else otherwise


def _image() -> str:
    return f"auto-annotate:{version('auto-annotate')}"


def _with_torch() -> str:
    if _INSTALL.exists():
        return "Install it with ./scripts/install runtime."
    return f"Serve it with the image {_image()}, which has torch."


def _export(name: str) -> str:
    return (
        'Export it: docker run --rm --user "$(id -u)" -v DIR:/model -v PICTURES:/pictures '
        f"{_image()} auto-annotate export --weights /model/{name} --images /pictures "
        f"--out /model/exported; then mount DIR/exported. Or serve it with {_image()}"
    )
