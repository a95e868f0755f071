"""Which model folders are meant: those that are named, or those in a folder of folders."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from handler.models.folder.finding import is_weights


def folders_in(paths: Sequence[Path]) -> list[Path]:
    """Return the model folders that `paths` are or hold, each once, in order."""
    return list(dict.fromkeys(folder for path in paths for folder in _folders(path)))


def _folders(path: Path) -> Iterator[Path]:
    """Yield a path that is a model itself, or else the folders in it; itself where are none."""
    try:
        inside = [] if is_weights(path) or _holds_model(path) else _inside(path)
    except OSError:  # no folder, or one that may not be read: whoever opens it says so
        inside = []
    yield from inside or [path]


def _inside(folder: Path) -> list[Path]:
    """Return the folders in a folder, without hidden ones and what a file system puts there."""
    return sorted(
        each
        for each in folder.iterdir()
        if each.is_dir() and each.name[0] != "." and each.name != "lost+found"
    )


def _holds_model(folder: Path) -> bool:
    return (folder / "model.yaml").exists() or any(map(is_weights, folder.iterdir()))
