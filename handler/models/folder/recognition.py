"""Which family a file of weights is of, told from what it would import and says of itself."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from handler.errors import WeightsError
from handler.models.folder.access import readable
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder

# What a family's own checkpoints import.
IMPORTS = {
    "ultralytics.": "ultralytics",
    "models.yolo.": "yolov5",
    "yolov5.models.": "yolov5",
    "mmengine.": "mmrotate",
}

_PLUGIN = "Write a plugin for it: docs/families/plugin.md."


class Foreign(NamedTuple):
    """A kind of weights that no family loads as it is, and what helps."""

    what: str
    remedy: str


# By what they import. The first four also import `models.yolo`, and come before it.
FOREIGN_IMPORTS = {
    "models.yolo.IDetect": Foreign("a YOLOv7 model of its own repository", _PLUGIN),
    "models.yolo.DualDDetect": Foreign("a YOLOv9 model of its authors' repository", _PLUGIN),
    "models.yolo.DDetect": Foreign("a YOLOv9 model of its authors' repository", _PLUGIN),
    "models.common.StemBlock": Foreign(
        "a face or plate detector with corner points, a fork of YOLOv5",
        "Write a plugin that answers with its keypoints: docs/families/plugin.md.",
    ),
    "mmdet.": Foreign("a whole MMDetection model", _PLUGIN),
    "yolox.": Foreign("a YOLOX model", _PLUGIN),
    "yolov6.": Foreign("a YOLOv6 model", _PLUGIN),
    "nanodet.": Foreign("a NanoDet model", _PLUGIN),
    "detectron2.": Foreign("a Detectron2 model", _PLUGIN),
    "torchvision.models.": Foreign(
        "a whole torchvision model",
        "Save its tensors alone, `torch.save(model.state_dict(), 'best.pt')`, and write `family: "
        "torchvision` and `architecture: NAME` in model.yaml.",
    ),
}


def recognise(folder: ModelFolder) -> tuple[str, Checkpoint]:
    """Return the family that model.yaml names, or else the file, and what the file says of itself.

    Raises:
        WeightsError: the file is damaged, or of no family and model.yaml names none.
    """
    if "plugin" in folder.config:
        return "plugin", Checkpoint(frozenset(), None, "code")
    with readable(folder.path):
        checkpoint = Checkpoint.inspect(folder.weights)
    if "layout" in folder.config and checkpoint.kind == "onnx":
        return "layout", checkpoint
    return folder.config.get("family") or family_of(folder.weights, checkpoint), checkpoint


def family_of(path: Path, checkpoint: Checkpoint) -> str:
    """Return the name of the family that loads a file.

    Raises:
        WeightsError: none does; the message says what was looked at and what to do.
    """
    return _BY_KIND[checkpoint.kind](path, checkpoint)


def _of_pickle(path: Path, checkpoint: Checkpoint) -> str:
    for prefix, foreign in FOREIGN_IMPORTS.items():
        if _imports(checkpoint, prefix):
            raise WeightsError(f"{path} is {foreign.what}", foreign.remedy)
    for prefix, family in IMPORTS.items():
        if _imports(checkpoint, prefix):
            return family
    if "mmcv_version" in checkpoint.metadata or "mmengine_version" in checkpoint.metadata:
        return "mmrotate"
    if checkpoint.tensors and all(_of_torch(name) for name in checkpoint.imports):
        if path.with_name("config.py").exists():
            return "mmrotate"
        raise WeightsError(
            f"{path} is a bare state dict ({', '.join(checkpoint.tensors)}, ...): it has the "
            "tensors of a model, but not its architecture",
            "For a torchvision model write `family: torchvision` and `architecture: NAME` in "
            "model.yaml; of any other network export it to ONNX, or write a plugin: "
            "docs/families/plugin.md.",
        )
    raise WeightsError(
        f"{path} holds no model of a known family "
        f"(it imports {', '.join(sorted(checkpoint.imports)[:4]) or 'nothing'})",
        "Name its family in model.yaml with `family:`, or write a plugin for it: "
        "docs/families/plugin.md.",
    )


def _of_torchscript(path: Path, checkpoint: Checkpoint) -> str:
    if "task" in checkpoint.metadata:
        return "ultralytics"
    raise WeightsError(
        f"{path} is TorchScript that does not say what it answers",
        "If it answers as torchvision's models do, write `family: torchscript` and `task:` in "
        "model.yaml and its classes in classes.txt; else write a plugin: docs/families/plugin.md.",
    )


# Detectors of other repositories, by the names of what their own exporters let them answer with.
_BY_ANSWERS = (("rfdetr", {"dets", "labels"}), ("dfine", {"labels", "boxes", "scores"}))


def layout_of(checkpoint: Checkpoint) -> str:
    """Return the layout of an .onnx of another repository; empty where it is not told.

    LibreYOLO writes the model's family into the metadata.
    """
    of_libreyolo = str(checkpoint.metadata.get("model_family", ""))
    answers = set(checkpoint.answers)
    return of_libreyolo or next((name for name, own in _BY_ANSWERS if own == answers), "")


def _of_export(path: Path, checkpoint: Checkpoint) -> str:
    if layout_of(checkpoint):
        return "layout"
    if not checkpoint.metadata.keys().isdisjoint(("names", "task")):
        return "exported"
    raise WeightsError(
        f"{path} is an ONNX model of {checkpoint.metadata.get('producer') or 'unknown origin'} "
        "without metadata: neither its task nor its classes are known",
        "Export the .pt with ultralytics; of YOLOX and others write `layout: yolox` in model.yaml: "
        "docs/families/layouts.md; or write a plugin: docs/families/plugin.md.",
    )


_BY_KIND: dict[str, Callable[[Path, Checkpoint], str]] = {
    "pickle": _of_pickle,
    "torchscript": _of_torchscript,
    "onnx": _of_export,
    "openvino": _of_export,
}


def _imports(checkpoint: Checkpoint, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in checkpoint.imports)


def _of_torch(name: str) -> bool:
    return name.startswith(("torch.", "collections.", "numpy.", "_codecs."))
