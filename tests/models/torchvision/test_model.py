"""Our answers against torchvision's own, for state dicts and for scripted models."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torchvision import models

from handler.errors import AnnotateError
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.pictures.decoding import Picture
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS

PICTURE = np.ascontiguousarray(np.asarray(cv2.imread(str(PHOTOGRAPHS[0])), np.uint8)[::3, ::3])
CLASSES = ("car", "bus", "person")
SIZE = 320
MOST = 15
DETECTORS = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": "detect",
    "ssdlite320_mobilenet_v3_large": "detect",
    "maskrcnn_resnet50_fpn": "segment",
    "keypointrcnn_resnet50_fpn": "pose",
}


def folder_of(path: Path, classes: tuple[str, ...], **config: str) -> Path:
    (path / "classes.txt").write_text("\n".join(classes))
    (path / "model.yaml").write_text("\n".join(f"{key}: {value}" for key, value in config.items()))
    return path


def load(path: Path, **options: Any) -> families.Model:
    asked = Options(**options)
    return families.load(ModelFolder.open(path), asked, Settings(device="cpu"))


def network_of(architecture: str) -> Any:
    """Return a network with random weights whose objects score all the way from 0 to 1."""
    torch.manual_seed(0)
    network = models.get_model(
        architecture, weights=None, weights_backbone=None, num_classes=len(CLASSES) + 1
    )
    for norm in network.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = None
            norm.reset_running_stats()
    if network.transform.fixed_size is None:
        network.transform.min_size, network.transform.max_size = (SIZE,), SIZE
    network.backbone.train()
    with torch.no_grad():
        for _ in range(2):
            network.backbone(torch.stack([tensor(PICTURE[:320, :256])] * 2))
        network.eval()
        for name, spread in {"rpn.head.bbox_pred": 0.2, "bbox_pred": 0.5, "cls_score": 2}.items():
            for path, layer in network.named_modules():
                if path.endswith(name) and hasattr(layer, "weight") and not layer._forward_hooks:
                    _rescale(layer, spread)
        network([tensor(PICTURE)])
    return network


def _rescale(layer: Any, spread: float) -> None:
    """Let the layer's outputs spread so far, from the first that it gives."""

    def scale(_: Any, __: Any, output: torch.Tensor) -> torch.Tensor:
        hook.remove()
        factor = spread / output.std()
        layer.weight.mul_(factor)
        layer.bias.mul_(factor)
        return output * factor

    hook = layer.register_forward_hook(scale)


def tensor(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(
        np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)) / 255
    ).float()


@pytest.mark.parametrize("architecture", DETECTORS)
def test_a_state_dict_answers_like_its_model(tmp_path: Path, architecture: str) -> None:
    network = network_of(architecture)
    torch.save({"model": network.state_dict()}, tmp_path / "model.pth")
    folder = folder_of(tmp_path, CLASSES, family="torchvision", architecture=architecture)
    ours = load(folder, image_size=SIZE, max_detections=MOST)
    getattr(network, "roi_heads", network).detections_per_img = MOST
    assert (ours.task, ours.classes) == (DETECTORS[architecture], CLASSES)
    with torch.no_grad():
        theirs = network([tensor(PICTURE)])[0]
    threshold = float(theirs["scores"][:12].min()) - 1e-6
    found, count = ours.predict(PICTURE, threshold), int((theirs["scores"] >= threshold).sum())
    assert len(found) == count >= 10
    np.testing.assert_allclose(found.boxes, theirs["boxes"][:count], atol=0.5)
    np.testing.assert_allclose(found.scores, theirs["scores"][:count], atol=0.001)
    np.testing.assert_array_equal(found.classes, theirs["labels"][:count] - 1)
    if found.masks is not None:
        height, width = PICTURE.shape[:2]
        for mask, expected in zip(found.masks, theirs["masks"][:count, 0] > 0.5, strict=True):
            np.testing.assert_array_equal(mask.within(width, height), expected)
    if found.keypoints is not None:
        np.testing.assert_allclose(
            found.keypoints[..., :2], theirs["keypoints"][:count, :, :2], atol=0.5
        )
    assert (found.masks is not None, found.keypoints is not None) == (
        ours.task == "segment",
        ours.task == "pose",
    )


@pytest.mark.parametrize("family", ["torchvision", "torchscript"])
@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_a_classifier_answers_with_its_best_classes(tmp_path: Path, family: str) -> None:
    torch.manual_seed(0)
    network = models.resnet18(num_classes=len(CLASSES)).eval()
    if family == "torchscript":
        torch.jit.save(torch.jit.script(network), tmp_path / "best.pt")
        config = {"task": "classify"}
    else:
        torch.save(network.state_dict(), tmp_path / "best.pt")
        config = {"architecture": "resnet18"}
    ours = load(folder_of(tmp_path, CLASSES, family=family, **config), top_k=2)
    transforms = models.ResNet18_Weights.DEFAULT.transforms()
    with torch.no_grad():
        theirs = network(transforms(tensor(PICTURE))[None])[0].softmax(0).topk(2)
    found = ours.predict(PICTURE, 0.01)
    np.testing.assert_array_equal(found.classes, theirs.indices)
    np.testing.assert_allclose(found.scores, theirs.values, atol=0.001)


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
@pytest.mark.filterwarnings("ignore:RCNN always returns:UserWarning")
def test_a_scripted_detector_answers_like_its_model(tmp_path: Path) -> None:
    network = network_of("fasterrcnn_mobilenet_v3_large_320_fpn")
    torch.jit.save(torch.jit.script(network), tmp_path / "best.torchscript")
    ours = load(
        folder_of(tmp_path, CLASSES, family="torchscript", task="detect"), max_detections=12
    )
    with torch.no_grad():
        theirs = network([tensor(PICTURE)])[0]
    found = ours.predict(PICTURE, 0.05)
    assert len(found) == 12
    np.testing.assert_allclose(found.boxes, theirs["boxes"][:12], atol=0.5)


def test_the_options_reach_the_model(tmp_path: Path) -> None:
    network = network_of("ssdlite320_mobilenet_v3_large")
    torch.save(network.state_dict(), tmp_path / "best.pt")
    folder_of(tmp_path, CLASSES, family="torchvision", architecture="ssdlite320_mobilenet_v3_large")
    assert len(load(tmp_path, max_detections=5).predict(PICTURE, 0.01)) == 5
    strict, loose = (len(load(tmp_path, iou=iou).predict(PICTURE, 0.01)) for iou in (0.1, 0.8))
    assert strict < loose


@pytest.mark.parametrize(
    ("classes", "config", "reason"),
    [
        (CLASSES, {}, "of which architecture.*`architecture: NAME`"),
        (CLASSES, {"architecture": "resnet19"}, "no 'resnet19'.* Did you mean 'resnet1"),
        (("car",), {"architecture": "resnet18"}, "does not fit resnet18 with 1 classes: size mism"),
        (CLASSES, {"architecture": "resnet34"}, "does not fit resnet34 with 3 classes: Missing"),
    ],
)
def test_what_does_not_fit_is_said(
    tmp_path: Path, classes: tuple[str, ...], config: dict[str, str], reason: str
) -> None:
    torch.save(models.resnet18(num_classes=3).state_dict(), tmp_path / "best.pt")
    with pytest.raises(AnnotateError, match=reason):
        load(folder_of(tmp_path, classes, family="torchvision", **config))


def test_a_background_that_is_listed_is_no_class(tmp_path: Path) -> None:
    network = network_of("ssdlite320_mobilenet_v3_large")
    torch.save(network.state_dict(), tmp_path / "best.pt")
    listed = ("__background__", *CLASSES)
    config = {"family": "torchvision", "architecture": "ssdlite320_mobilenet_v3_large"}
    assert load(folder_of(tmp_path, listed, **config)).classes == CLASSES


@pytest.mark.parametrize(
    ("config", "reason"),
    [({}, "does not say its task.*`task:`"), ({"task": "pose"}, "`keypoints:` in model.yaml")],
)
@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")
def test_torchscript_has_to_be_explained(
    tmp_path: Path, config: dict[str, str], reason: str
) -> None:
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), tmp_path / "best.pt")
    with pytest.raises(AnnotateError, match=reason):
        load(folder_of(tmp_path, CLASSES, family="torchscript", **config))


def test_weights_without_a_class_list_ask_for_one(tmp_path: Path) -> None:
    torch.save(models.resnet18(num_classes=3).state_dict(), tmp_path / "best.pt")
    (tmp_path / "model.yaml").write_text("family: torchvision\narchitecture: resnet18\n")
    with pytest.raises(AnnotateError, match=r"carries no class names.*one class a line"):
        load(tmp_path)
