"""Models of real architectures with random weights that answer with many objects.

Freshly initialised networks answer with nothing. Here batch norm takes its statistics from two
real photographs, and the class logits are scaled so that a few in a thousand exceed zero.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from ultralytics import RTDETR, YOLO
from ultralytics.utils import ASSETS

PHOTOGRAPHS = (ASSETS / "bus.jpg", ASSETS / "zidane.jpg")


def build(architecture: str, path: Path, image_size: int = 320) -> Path:
    """Save a calibrated model of `architecture` (such as yolov8n) to `path` and return it."""
    torch.manual_seed(0)
    kind = RTDETR if architecture.startswith("rtdetr") else YOLO
    model = kind(f"{architecture}.yaml")
    network = model.model
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average over all that is seen
        norm.train()
    pictures = torch.stack([_pixels(photograph, image_size) for photograph in PHOTOGRAPHS])
    with torch.no_grad():
        network(pictures)
        network.eval()
        _scale_logits(network, pictures)
    network.names = {index: f"class {index}" for index in range(len(network.names))}
    model.save(path)
    torch.save({**torch.load(path, weights_only=False), "train_args": {"imgsz": image_size}}, path)
    return path


def _scale_logits(network: Any, pictures: torch.Tensor) -> None:
    """Scale each layer that ends in one channel a class: one logit in 1000 from 0 to 2.5."""

    def scale(layer: Any, _: Any, output: torch.Tensor) -> torch.Tensor:
        low = output.flatten().kthvalue(round(output.numel() * 0.999)).values
        factor = 2.5 / (output.max() - low)
        layer.weight.mul_(factor)
        layer.bias.sub_(low).mul_(factor)
        return (output - low) * factor

    count = len(network.names)
    hooks = [
        layer.register_forward_hook(scale)
        for layer in network.model[-1].modules()
        if count in (getattr(layer, "out_channels", 0), getattr(layer, "out_features", 0))
        and getattr(layer, "bias", None) is not None
    ]
    network(pictures)
    for hook in hooks:
        hook.remove()


def _pixels(photograph: Path, size: int) -> torch.Tensor:
    picture = cv2.imread(str(photograph))
    assert picture is not None
    rgb = np.ascontiguousarray(cv2.resize(picture, (size, size))[..., ::-1])
    return torch.from_numpy(rgb).permute(2, 0, 1).float() / 255
