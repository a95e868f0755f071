"""MMRotate 1.x, with MMDetection 3, MMCV 2 and MMEngine."""

import sys
import warnings
from pathlib import Path
from typing import Any

from mmdet.apis import inference_detector, init_detector
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmrotate.structures.bbox import qbox2rbox
from mmrotate.utils import register_all_modules

from handler.pictures.decoding import Picture

register_all_modules()

NMS_MODULES = ("mmcv.ops.nms",)
WITHOUT: frozenset[str] = frozenset()


def read_config(path: Path, *, trusted: bool) -> Any:
    """Return a config.py as MMEngine reads it. trusted: also import the modules that it names."""
    return Config.fromfile(str(path), import_custom_modules=trusted)


def resizing(config: Any) -> list[tuple[Any, str]]:
    """Return the steps that resize a picture, each with the key of its size."""
    return [
        (step, "scale")
        for step in get_test_pipeline_cfg(config)
        if step["type"].endswith("Resize") and "scale" in step
    ]


def configure_nms(nms: Any, iou: float | None, agnostic: bool) -> None:
    """Set the overlap (IoU, 0 to 1) of a model's rotated NMS, and whether classes are apart."""
    nms["split_thr"] = sys.maxsize  # else many boxes are gone through class by class
    if iou is not None:
        nms["iou_threshold"] = iou
    if agnostic:
        nms["class_agnostic"] = True


def build(config: Any, classes: tuple[str, ...], device: str) -> Any:
    """Return the detector of a config, with the random weights that it starts from."""
    with warnings.catch_warnings(record=True):  # there is no checkpoint: its tensors come later
        # With a palette it need not build the test's data set, which asks for its folders.
        network = init_detector(config, palette="random", device=device)
    network.dataset_meta["classes"] = classes
    return network


def ask(network: Any, picture: Picture) -> Any:
    """Return boxes (n, 5), cx cy w h and radians, scores (n,) and classes (n,)."""
    found = inference_detector(network, picture).pred_instances.cpu()
    boxes = found.bboxes
    if boxes.shape[1] == 8:  # corners, as of Gliding Vertex
        boxes = qbox2rbox(boxes)
    return boxes.numpy(), found.scores.numpy(), found.labels.numpy()
