"""Models of real architectures with random weights that answer with dozens of objects.

Freshly initialised networks answer with nothing. Here batch norm takes its statistics from two
real photographs, and the last layers are rescaled on them so that some places score high and
oriented boxes point everywhere.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from ultralytics import RTDETR, YOLO
from ultralytics.data.augment import LetterBox
from ultralytics.utils import ASSETS

PHOTOGRAPHS = (ASSETS / "bus.jpg", ASSETS / "zidane.jpg")
CLASSES = 80


def build(architecture: str, path: Path, image_size: int = 320) -> Path:
    """Save a calibrated model of `architecture` (such as yolov8n-seg) to `path` and return it."""
    torch.manual_seed(0)
    kind = RTDETR if architecture.startswith("rtdetr") else YOLO
    model = kind(f"{architecture}.yaml")
    network = model.model
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average over all that is seen
        norm.train()
    pictures = [_pixels(photograph, image_size) for photograph in PHOTOGRAPHS]
    with torch.no_grad():
        for picture in pictures:
            network(picture)
        network.eval()
        for layer, share in _last_layers(network.model[-1]):
            _rescale(network, layer, pictures, share)
    network.names = {index: f"class {index}" for index in range(len(network.names))}
    model.save(path)
    torch.save({**torch.load(path, weights_only=False), "train_args": {"imgsz": image_size}}, path)
    return path


def _last_layers(head: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, float]]:
    """Yield the layers of scores, of angles, and of boxes that could turn out inside out.

    With each comes the share of its outputs that is to be above 0.
    """
    places = 0.01 / CLASSES
    shares = {"cv3": places, "enc_score_head": places, "dec_score_head": 0.1 / CLASSES}
    shares["linear"] = 1 / CLASSES
    if "OBB" in type(head).__name__:
        shares["cv4"] = 0.5
    if getattr(head, "reg_max", None) == 1:
        shares["cv2"] = 0.999
    for name, share in shares.items():
        for layer in (getattr(head, name, None), getattr(head, f"one2one_{name}", None)):
            if isinstance(layer, torch.nn.ModuleList):
                yield from ((_last(branch), share) for branch in layer)
            elif layer is not None:
                yield layer, share


def _last(branch: torch.nn.Module) -> torch.nn.Module:
    return branch[-1] if isinstance(branch, torch.nn.Sequential) else branch


def _rescale(
    network: torch.nn.Module, layer: Any, pictures: Sequence[torch.Tensor], share: float
) -> None:
    """Let `share` of the layer's outputs be above 0 on the picture that has fewer, none above 3."""
    seen: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: seen.append(output.flatten()))
    for picture in pictures:
        network(picture)
    hook.remove()
    if not seen:  # of all decoders only the last answers
        return
    limit = min(outputs.topk(max(1, int(share * len(outputs)))).values[-1] for outputs in seen)
    factor = 3 / (torch.cat(seen).max() - limit)
    layer.weight.data *= factor
    layer.bias.data = (layer.bias.data - limit) * factor


def _pixels(photograph: Path, size: int) -> torch.Tensor:
    picture = cv2.imread(str(photograph))
    letterboxed = LetterBox(size, auto=True)(image=picture)
    rgb = np.ascontiguousarray(letterboxed[None, ..., ::-1])
    return torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
