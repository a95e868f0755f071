"""Torch's restricted loader, with what a family's own checkpoints hold besides tensors."""

import argparse
import codecs
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import torch

from handler.errors import WeightsError

_ALL_KINDS = np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?USO"

# numpy's values: what rebuilds an array, a scalar and their type. The types are no imports.
NUMPY: dict[str, Any] = {
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
    **{
        f"numpy.{module}.multiarray.{name}": function
        for module in ("core", "_core")
        for name, function in (
            ("_reconstruct", np.empty(0).__reduce__()[0]),
            ("scalar", np.float64(0).__reduce__()[0]),
        )
    },
}
_DTYPES = tuple({type(np.dtype(kind)) for kind in _ALL_KINDS})

# What scripts of any library leave in a checkpoint, and nobody is harmed by.
HARMLESS: dict[str, Any] = {
    **NUMPY,
    "__builtin__.set": set,
    "_codecs.encode": codecs.encode,
    "argparse.Namespace": argparse.Namespace,
    "builtins.set": set,
    "collections.OrderedDict": OrderedDict,
    "pathlib.PosixPath": PurePosixPath,
    "pathlib.WindowsPath": PureWindowsPath,
}


class Inert:
    """Stands for what training left in the file and an answer does not need."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def allowing_numpy() -> Any:
    """Return a context in which another library's restricted load builds numpy's values, too."""
    return torch.serialization.safe_globals([*_named(NUMPY), *_DTYPES])


def _named(stand_ins: Mapping[str, Any]) -> list[Any]:
    # torch knows the built-in functions of Python 2, by whose names pickles go, by those of 3.
    return [(own, name.replace("__builtin__.", "builtins.")) for name, own in stand_ins.items()]


@contextmanager
def _alone(stand_ins: Mapping[str, Any]) -> Iterator[None]:
    """Forget what another library allowed before: ultralytics' getattr is the real one."""
    others = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals([*_named(stand_ins), *_DTYPES])
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(others)


def load(weights: Path, stand_ins: Mapping[str, Any]) -> Any:
    """Return what a file holds, built from tensors, plain values and `stand_ins`, by their names.

    Raises:
        WeightsError: it would build something else, or is damaged.
    """
    try:
        with _alone(stand_ins):
            return torch.load(weights, map_location="cpu", weights_only=True)
    except WeightsError:
        raise
    except Exception as error:
        raise WeightsError(
            f"{weights} cannot be loaded: {_reason(error)}",
            "Copy the file again; if it still fails, save it again with the library that it was "
            "trained with.",
        ) from error


def _reason(error: Exception) -> str:
    """Return what the loader has against a file, without its advice to load all the same."""
    text = str(error)
    refused = re.search(r"WeightsUnpickler error: (.+)", text)
    first = (refused[1] if refused else text.strip().partition("\n")[0]) or type(error).__name__
    return first.partition(". ")[0].rstrip(" .:")[:200]
