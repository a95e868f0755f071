"""YOLOv5's own code, as its repository runs it: its models are pickled as `models.yolo...`.

The code is that of PyPI's `yolov5`. Most of what that package depends on (trackers of experiments,
cloud storage, plotting) plays no part in a prediction; empty modules stand in for what is imported
all the same.
"""

import importlib.machinery
import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from packaging.version import parse

from handler.pictures.decoding import Picture

_ABSENT = {"pandas": {"options": ModuleType("options")}, "seaborn": {}, "pkg_resources": {}}


def _import() -> None:
    for name, attributes in _ABSENT.items():
        module = ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.__dict__.update(attributes)
        sys.modules[name] = module
    sys.modules["pandas"].options.display = ModuleType("display")
    sys.modules["pkg_resources"].__dict__["parse_version"] = parse
    spec = importlib.util.find_spec("yolov5")
    assert spec is not None
    assert spec.submodule_search_locations
    sys.path.append(spec.submodule_search_locations[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # written for a torch of 2023
        importlib.import_module("models.yolo")


_import()

from models.yolo import ClassificationModel, DetectionModel, SegmentationModel  # noqa: E402
from yolov5.utils.augmentations import classify_transforms, letterbox  # noqa: E402
from yolov5.utils.general import non_max_suppression, scale_boxes  # noqa: E402
from yolov5.utils.segment.general import process_mask_native  # noqa: E402

_HERE = Path(sys.modules["models.yolo"].__file__ or "").parent
_HEADS = {"": DetectionModel, "-seg": SegmentationModel, "-cls": ClassificationModel}


# Every layer of releases 1 to 7 that an architecture file of the repository names, small.
ALL_LAYERS: dict[str, Any] = {
    "nc": 80,
    "depth_multiple": 0.33,
    "width_multiple": 0.125,
    "anchors": [[10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119]],
    "backbone": [
        [-1, 1, "Focus", [64, 3]],
        [-1, 1, "Conv", [128, 3, 2]],
        [-1, 6, "BottleneckCSP", [128]],
        [-1, 1, "GhostConv", [256, 3, 2]],
        [-1, 3, "C3Ghost", [256]],
        [-1, 1, "CrossConv", [256, 3, 1]],
        [-1, 1, "DWConv", [256, 3, 2]],
        [-1, 1, "GhostBottleneck", [512, 3, 2]],
        [-1, 1, "SPP", [512, [5, 9, 13]]],
        [-1, 3, "C3TR", [512]],
        [-1, 1, "C3SPP", [512]],
        [-1, 1, "Bottleneck", [512]],
    ],
    "head": [
        [-1, 1, "nn.Upsample", ["None", 2, "nearest"]],
        [[-1, 6], 1, "Concat", [1]],
        [-1, 3, "C3x", [256, False]],
        [[-1, 11], 1, "Detect", ["nc", "anchors"]],
    ],
}


def build(
    task: str, path: Path, pictures: list[Picture], architecture: dict[str, Any] | None = None
) -> Any:
    """Save and return a model that answers; `task` is "", "-seg" or "-cls"."""
    torch.manual_seed(0)
    name = "segment/yolov5n-seg.yaml" if task == "-seg" else "yolov5n.yaml"
    file = architecture or _HERE / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = (DetectionModel if task == "-cls" else _HEADS[task])(file)
        if task == "-cls":
            model = ClassificationModel(model=model, nc=10, cutoff=10)
            model.names = {index: f"class {index}" for index in range(10)}
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.reset_running_stats()
            norm.momentum = None
    with torch.no_grad():
        for picture in pictures:
            model.train()(_tensor(letterbox(picture, 320, stride=32)[0]))
    for layer in getattr(model.model[-1], "m", ()):
        _rescale(model, layer, pictures)
    torch.save({"epoch": -1, "model": model.half(), "ema": None, "date": None}, path)
    return model.float().eval()


def _rescale(model: Any, layer: Any, pictures: list[Picture]) -> None:
    """Let the objectness of a hundredth of the places, and half of the classes', be above 0."""
    seen: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: seen.append(output))
    head = model.model[-1]
    with torch.no_grad():
        for picture in pictures:
            model.eval()(_tensor(letterbox(picture, 320, stride=32)[0]))
    hook.remove()
    objectness = [each.view(head.na, head.no, -1)[:, 4] for each in seen]
    factor = 1 / torch.cat(objectness, 1).std()
    layer.weight.data *= factor
    layer.bias.data *= factor
    bias = layer.bias.data.view(head.na, -1)
    bias[:, 4] -= factor * min(each.quantile(0.99) for each in objectness)
    bias[:, 5 : 5 + head.nc] += 2


def detect(model: Any, picture: Picture, threshold: float, size: int) -> tuple[Any, Any]:
    """Return (n, 6) boxes, scores and classes as detect.py, and masks as `--retina-masks`."""
    seen = letterbox(picture, size, stride=32)[0]
    with torch.no_grad():
        answer = model(_tensor(seen))
    masks = 32 if type(model) is SegmentationModel else 0
    found = non_max_suppression(answer[0], threshold, 0.45, max_det=1000, nm=masks)[0]
    found[:, :4] = scale_boxes(seen.shape[:2], found[:, :4], picture.shape)
    if not masks:
        return found.numpy(), None
    cut = process_mask_native(answer[1][0], found[:, 6:], found[:, :4], picture.shape[:2])
    return found[:, :6].numpy(), cut.numpy() > 0


def classify(model: Any, picture: Picture, size: int) -> NDArray[np.float32]:
    """Return the scores of the classes as classify/predict.py."""
    seen = classify_transforms(size)(picture)
    with torch.no_grad():
        return np.asarray(model(seen[None])[0].softmax(0).numpy())


def _tensor(picture: Picture) -> torch.Tensor:
    rgb = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1))
    return torch.from_numpy(rgb)[None].float() / 255
