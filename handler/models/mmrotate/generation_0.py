"""MMRotate 0.x, with MMDetection 2 and mmcv-full 1."""

from pathlib import Path
from typing import Any

import mmcv
import mmrotate  # noqa: F401  (registers its models)
import numpy as np
from mmdet.apis import inference_detector, init_detector

from handler.pictures.decoding import Picture

NMS_MODULES = ("mmcv.ops.nms", "mmrotate.core.post_processing.bbox_nms_rotated")
WITHOUT = frozenset({"agnostic_nms"})


def read_config(path: Path, *, trusted: bool) -> Any:
    """Return a config.py as MMCV reads it. trusted: also import the modules that it names."""
    return mmcv.Config.fromfile(str(path), import_custom_modules=trusted)


def resizing(config: Any) -> list[tuple[Any, str]]:
    """Return the steps that resize a picture, each with the key of its size."""
    return [(step, "img_scale") for step in config.data.test.pipeline if "img_scale" in step]


def configure_nms(nms: Any, iou: float | None, agnostic: bool) -> None:  # noqa: ARG001
    """Set the overlap (IoU, 0 to 1) of a model's rotated NMS; classes are always apart."""
    if iou is not None:
        nms["iou_thr"] = iou


def build(config: Any, classes: tuple[str, ...], device: str) -> Any:
    """Return the detector of a config, with the random weights that it starts from."""
    network = init_detector(config, device=device)
    network.CLASSES = classes
    return network


def ask(network: Any, picture: Picture) -> Any:
    """Return boxes (n, 5), cx cy w h and radians, scores (n,) and classes (n,)."""
    of_classes = inference_detector(network, picture)
    found = np.concatenate(of_classes)
    classes = np.repeat(np.arange(len(of_classes)), [len(each) for each in of_classes])
    return found[:, :-1], found[:, -1], classes
