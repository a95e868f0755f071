"""A checkpoint of MMRotate, read by torch's restricted loader: its tensors and its class names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch

from handler.errors import WeightsError
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.unpickling import HARMLESS, Inert, load


def _attribute(owner: Any, name: str) -> Any:
    """Stand for `getattr`, by which MMEngine's HistoryBuffer pickles references to its methods."""
    if owner is Inert:
        return Inert
    raise WeightsError(f"The file would look up {name!r}, which MMRotate's own checkpoints do not")


_LEFT_BY_TRAINING = ("mmengine.logging.", "mmengine.config.")
_OWN: dict[str, Any] = {
    **HARMLESS,
    "__builtin__.getattr": _attribute,
    "builtins.getattr": _attribute,
}


@dataclass(frozen=True)
class Weights:
    """tensors: the network's, by name. classes: its names in index order, if the file has them."""

    tensors: dict[str, torch.Tensor]
    classes: tuple[str, ...] | None

    @classmethod
    def read(cls, folder: ModelFolder, checkpoint: Checkpoint, trusted: bool) -> Self:
        """Read a checkpoint of MMRotate 0.x or 1.x, or a bare state dict.

        Raises:
            WeightsError: it would import more than these have in them, or holds no tensors.
        """
        saved = _load(folder, checkpoint, trusted)
        tensors = saved.get("state_dict", saved)
        # A copy that averages over training; mmcv keeps it among the tensors it is a copy of.
        own = {
            name.removeprefix("module."): tensor
            for name, tensor in tensors.items()
            if isinstance(tensor, torch.Tensor) and not name.startswith("ema_")
        }
        if not own:
            raise WeightsError(
                f"{folder.weights} holds no tensors", "Copy the .pth that training saved."
            )
        return cls(own, _classes(saved.get("meta", {})))


def _classes(meta: Mapping[str, Any]) -> tuple[str, ...] | None:
    of_dataset = {name.lower(): value for name, value in meta.get("dataset_meta", {}).items()}
    names = of_dataset.get("classes", meta.get("CLASSES"))
    if isinstance(names, str):  # of one class, which the library takes as well
        return (names,)
    return None if names is None else tuple(str(name) for name in names)


def _load(folder: ModelFolder, checkpoint: Checkpoint, trusted: bool) -> Any:
    if trusted:
        return torch.load(folder.weights, map_location="cpu", weights_only=False)
    stand_ins = {name: _allowed(folder, name) for name in sorted(checkpoint.imports)}
    return load(folder.weights, {name: own for name, own in stand_ins.items() if own is not None})


def _allowed(folder: ModelFolder, name: str) -> Any:
    """Return what stands for an import of the file; None leaves it to torch."""
    if name in _OWN:
        return _OWN[name]
    if name.startswith(_LEFT_BY_TRAINING):
        return Inert
    if name.startswith("torch."):
        return None
    raise WeightsError(
        f"{folder.weights} would import {name}, which MMRotate's own checkpoints do not",
        "If you trust whoever made the file, set ANNOTATE_TRUST_WEIGHTS=true.",
    )
