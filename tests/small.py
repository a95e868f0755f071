"""Small networks of ultralytics that answer with dozens of objects: their weights are random."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from ultralytics import YOLO
from ultralytics.nn import tasks

from tests.architectures import PHOTOGRAPHS

CLASSES = 4
SIZE = 160  # pixels
_BUILT = {
    "detect": ("yolov8n.yaml", tasks.DetectionModel),
    "segment": ("yolov8n-seg.yaml", tasks.SegmentationModel),
    "semantic": ("yolo26n-sem.yaml", tasks.SemanticSegmentationModel),
    "depth": ("yolo26n-depth.yaml", tasks.DepthModel),
    "classify": ("yolov8n-cls.yaml", tasks.ClassificationModel),
}


def small(
    path: Path, task: str = "detect", *, names: Any = "", channels: int = 3, classes: int = CLASSES
) -> Path:
    """Save a model to `path` and return it; the bias of the last class lets it answer anywhere.

    names: as the file is to have them; None is a file without any.
    """
    torch.manual_seed(0)
    file, kind = _BUILT[task]
    library = YOLO(file)
    network = kind(file, ch=channels, nc=classes, verbose=False) if task != "depth" else kind(file)
    network.args = {"imgsz": SIZE}
    network.task = task
    _see(network, channels)
    for branch in getattr(network.model[-1], "cv3", ()):
        branch[-1].weight.data *= 2
        branch[-1].bias.data[:] = -4
        branch[-1].bias.data[classes - 1] = 0
    if names is None:
        del network.names
    elif names != "":
        network.names = names
    else:
        network.names = {index: f"part {index}" for index in range(classes)}
    library.model = network
    library.save(path)
    return path


def _see(network: Any, channels: int) -> None:
    """Let batch norm take its statistics from a photograph."""
    photograph = np.asarray(cv2.imread(str(PHOTOGRAPHS[0])), np.uint8)
    picture = cv2.resize(photograph, (SIZE, SIZE))
    numbers = torch.from_numpy(np.resize(picture, (SIZE, SIZE, channels))).float() / 255
    for norm in network.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = None
    with torch.no_grad():
        network.train()(numbers.permute(2, 0, 1)[None].repeat(2, 1, 1, 1))
    network.eval()
