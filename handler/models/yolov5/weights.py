"""A file of YOLOv5's own repository, read by torch's restricted loader without that repository."""

import sys
from typing import Any

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from handler.detection.names import ClassNames
from handler.errors import WeightsError
from handler.models.channels import check_channels
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.unpickling import HARMLESS, Inert, load
from handler.models.yolov5.layers import (
    STAND_INS,
    Classify,
    Conv,
    Detect,
    Focus,
    Network,
    Segment,
)

# What a classifier was validated with: what it sees is made as YOLOv5 makes it, without these.
_OF_PICTURES = ("torchvision.transforms.", "utils.augmentations.", "yolov5.utils.augmentations.")

_EXPORT_IT = (
    "Export it to ONNX with the export.py of the code that trained it and mount the .onnx, or "
    "write a plugin: docs/families/plugin.md."
)

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
    check_channels(folder.weights, _channels(network))
    extra = _numbers_too_many(network.model[-1])
    if extra:
        raise WeightsError(
            f"{folder.weights} is of a fork of YOLOv5: it answers with {extra} numbers more "
            "for each object, such as corner points",
            "Write a plugin that answers with its keypoints: docs/families/plugin.md.",
        )
    return _prepared(network)


def _channels(network: Any) -> int:
    """Return how many channels the first convolution takes; a Focus layer takes 4 pixels as one."""
    first = network.model[0]
    weight = next(each for each in first.parameters() if each.ndim == 4)
    return int(weight.shape[1]) // (4 if isinstance(first, Focus) else 1)


def names_of(folder: ModelFolder, network: Any) -> ClassNames:
    """Return the names of a network's classes. Raises WeightsError where one has none."""
    head = network.model[-1]
    outputs = head.linear.out_features if isinstance(head, Classify) else head.nc
    written = getattr(network, "names", None)
    return ClassNames.of(written, folder.classes, int(outputs), folder.weights, folder.classes_file)


def _load(folder: ModelFolder, checkpoint: Checkpoint) -> Any:
    """Return what the file holds, built by torch's restricted unpickler from allowed classes."""
    stand_ins = {name: _allowed(folder, name) for name in sorted(checkpoint.imports)}
    return load(folder.weights, {name: own for name, own in stand_ins.items() if own is not None})


def _allowed(folder: ModelFolder, name: str) -> Any:
    """Return what stands for an import of the file; None leaves it to torch."""
    module, _, attribute = name.rpartition(".")
    if name.startswith(("models.", "yolov5.models.")):
        layer = name.removeprefix("yolov5.").removeprefix("models.")
        if layer in STAND_INS:
            return STAND_INS[layer]
        raise WeightsError(
            f"{folder.weights} is of a fork of YOLOv5: it needs {name}",
            _EXPORT_IT,
        )
    if name in _OWN:
        return _OWN[name]
    if name.startswith(_OF_PICTURES):
        return Inert
    if module.startswith("torch.nn.modules."):
        own = getattr(sys.modules.get(module), attribute, None)
        if isinstance(own, type) and issubclass(own, nn.Module):
            return own
    elif name.startswith("torch."):
        return None
    raise WeightsError(
        f"{folder.weights} would import {name}, which YOLOv5's own checkpoints do not: it is of a "
        "fork, or holds more than the model",
        _EXPORT_IT,
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


_OWN: dict[str, Any] = {
    **HARMLESS,
    "__builtin__.getattr": _attribute,
    "builtins.getattr": _attribute,
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
