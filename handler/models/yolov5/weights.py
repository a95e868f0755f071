"""A file of YOLOv5's own repository, read by torch's restricted loader without that repository."""

import argparse
import codecs
import sys
from collections import OrderedDict
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from handler.errors import WeightsError
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.yolov5.layers import STAND_INS, Classify, Conv, Detect, Network, Segment

TASKS = {Detect: "detect", Segment: "segment", Classify: "classify"}


def read_network(folder: ModelFolder, checkpoint: Checkpoint) -> Any:
    """Return the network of a file, ready to answer.

    Raises:
        WeightsError: it is of a fork, or would import more than YOLOv5's own files do.
    """
    saved = _load(folder, checkpoint)
    network = saved.get("ema") or saved["model"]
    if not isinstance(network, Network) or type(network.model[-1]) not in TASKS:
        raise WeightsError(
            f"{folder.weights} is pickled like YOLOv5, but not one of its models",
            "Write a plugin for it: docs/families/plugin.md.",
        )
    extra = _numbers_too_many(network.model[-1])
    if extra:
        raise WeightsError(
            f"{folder.weights} is of a fork of YOLOv5: it answers with {extra} numbers more "
            "for each object, such as corner points",
            "Write a plugin that answers with its keypoints: docs/families/plugin.md.",
        )
    return _prepared(network)


def _load(folder: ModelFolder, checkpoint: Checkpoint) -> Any:
    """Return what the file holds, built by torch's restricted unpickler from allowed classes."""
    stand_ins = {name: _allowed(folder, name) for name in sorted(checkpoint.imports)}
    # torch knows the built-in functions of Python 2, by whose names pickles go, by those of 3.
    allowed: list[Any] = [
        (stand_in, name.replace("__builtin__.", "builtins."))
        for name, stand_in in stand_ins.items()
        if stand_in is not None
    ]
    with torch.serialization.safe_globals(allowed):
        return torch.load(folder.weights, map_location="cpu", weights_only=True)


def _allowed(folder: ModelFolder, name: str) -> Any:
    """Return what stands for an import of the file; None leaves it to torch."""
    module, _, attribute = name.rpartition(".")
    if name.startswith(("models.", "yolov5.models.")):
        layer = name.removeprefix("yolov5.").removeprefix("models.")
        if layer in STAND_INS:
            return STAND_INS[layer]
        raise WeightsError(
            f"{folder.weights} is of a fork of YOLOv5: it needs {name}",
            "Export it to TorchScript with the fork's own export.py and write a plugin for it: "
            "docs/families/plugin.md.",
        )
    if name in _HARMLESS:
        return _HARMLESS[name]
    if module.startswith("torch.nn.modules."):
        own = getattr(sys.modules.get(module), attribute, None)
        if isinstance(own, type) and issubclass(own, nn.Module):
            return own
    elif name.startswith("torch."):
        return None
    raise WeightsError(
        f"{folder.weights} would import {name}, which YOLOv5's own checkpoints do not",
        "Save it again with YOLOv5's strip_optimizer.",
    )


def _numbers_too_many(head: Any) -> int:
    if isinstance(head, Classify):
        return 0
    return int(head.no - 5 - head.nc - (head.nm if isinstance(head, Segment) else 0))


def _attribute(owner: Any, name: str) -> Any:
    """Stand for `getattr`, by which a segmenter pickles its reference to Detect.forward."""
    if owner is Detect and name == "forward":
        return Detect.forward
    raise WeightsError(f"The file would look up {name!r}, which YOLOv5's own checkpoints do not")


_HARMLESS: dict[str, Any] = {
    "__builtin__.getattr": _attribute,
    "__builtin__.set": set,
    "_codecs.encode": codecs.encode,
    "argparse.Namespace": argparse.Namespace,
    "builtins.getattr": _attribute,
    "builtins.set": set,
    "collections.OrderedDict": OrderedDict,
    "numpy._core.multiarray.scalar": np.float64(0).__reduce__()[0],
    "numpy.core.multiarray.scalar": np.float64(0).__reduce__()[0],
    "numpy.dtype": np.dtype,
    "pathlib.PosixPath": PurePosixPath,
    "pathlib.WindowsPath": PureWindowsPath,
}


def _prepared(network: nn.Module) -> nn.Module:
    """Return the network for answering: single precision, batch norm fused into convolutions."""
    for layer in network.modules():
        if isinstance(layer, Conv) and hasattr(layer, "bn"):
            layer.float().eval()
            layer.conv = fuse_conv_bn_eval(layer.conv, layer.bn)
            del layer.bn
        elif isinstance(layer, nn.Upsample):
            layer.recompute_scale_factor = None  # absent from files of an older torch
    return network.float().eval().requires_grad_(False)
