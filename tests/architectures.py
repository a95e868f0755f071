"""Models of real architectures with random weights that answer with many objects.

Freshly initialised networks answer with nothing. Here batch norm takes its statistics from two
real photographs, which is enough for scores between 0 and 1 in all places.
"""

from pathlib import Path

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
    with torch.no_grad():
        network(torch.stack([_pixels(photograph, image_size) for photograph in PHOTOGRAPHS]))
    network.eval()
    network.names = {index: f"class {index}" for index in range(len(network.names))}
    model.save(path)
    return path


def _pixels(photograph: Path, size: int) -> torch.Tensor:
    picture = cv2.imread(str(photograph))
    assert picture is not None
    rgb = np.ascontiguousarray(cv2.resize(picture, (size, size))[..., ::-1])
    return torch.from_numpy(rgb).permute(2, 0, 1).float() / 255
