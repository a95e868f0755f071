"""Which file of a model folder is the weights, and what to say where none is."""

import ast
from pathlib import Path

from handler.errors import WeightsError
from handler.models.folder.metadata import network_of

WEIGHTS_SUFFIXES = (".pt", ".pth", ".torchscript", ".onnx", "_openvino_model/")

# What other runtimes read, by the end of the name, and the words for it. A slash ends a folder.
_OF_OTHERS = {
    ".engine": "a TensorRT engine, which runs on the GPU that it was built on",
    ".trt": "a TensorRT engine, which runs on the GPU that it was built on",
    ".tflite": "a model of TensorFlow Lite",
    ".mlpackage/": "a model of Core ML",
    ".mlmodel": "a model of Core ML",
    ".aimodel/": "a model of Core AI",
    "_ncnn_model/": "a model of NCNN",
    ".param": "a model of NCNN",
    ".mnn": "a model of MNN",
    "_executorch_model/": "a model of ExecuTorch",
    ".pte": "a model of ExecuTorch",
    "_paddle_model/": "a model of PaddlePaddle",
    ".pdmodel": "a model of PaddlePaddle",
    "_saved_model/": "a SavedModel of TensorFlow",
    ".pb": "a graph of TensorFlow",
    ".h5": "a model of Keras",
    ".keras": "a model of Keras",
    "_rknn_model/": "a model for Rockchip's processors",
    ".rknn": "a model for Rockchip's processors",
    "_imx_model/": "a model for Sony's IMX500",
    "_axelera_model/": "a model for Axelera's processors",
    "_deepx_model/": "a model for DEEPX's processors",
    "_hailo_model/": "a model for Hailo's processors",
    ".hef": "a model for Hailo's processors",
    "_ascend_model/": "a model for Huawei's Ascend",
    ".safetensors": "tensors without the architecture of a model",
}
_BRING = (
    "Bring the .pt that it was made of, or export that to ONNX or OpenVINO: auto-annotate export, "
    "or yolo export model=best.pt format=onnx."
)


def is_weights(path: Path) -> bool:
    """Tell whether a file or folder is named as weights are, or holds a network of OpenVINO."""
    return _ends_with(path, WEIGHTS_SUFFIXES) or is_network(path)


def is_network(path: Path) -> bool:
    """Tell whether a folder holds a network of OpenVINO, whatever its name."""
    return path.is_dir() and any(each.with_suffix(".bin").is_file() for each in path.glob("*.xml"))


def find_weights(folder: Path, chosen: str | None) -> Path:
    """Return the only weights in a folder, or those that are `chosen` there.

    Raises:
        WeightsError: there are none, or several, or they are of a kind that is not served.
    """
    if chosen is not None:
        path = folder / chosen
        if not path.exists():
            raise WeightsError(f"{path} does not exist", _listing(folder))
        _refuse_others(path)
        return path
    found = sorted(path for path in folder.iterdir() if is_weights(path))
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise WeightsError(
            f"{folder} holds several weights: {names}",
            "Say which with a line `weights: NAME` in its model.yaml.",
        )
    if found:
        return found[0]
    for path in (folder, *sorted(folder.iterdir())):
        _refuse_others(path)
    _refuse_half_a_network(folder)
    _refuse_plugin(folder)
    raise WeightsError(f"No weights ({', '.join(WEIGHTS_SUFFIXES)}) in {folder}", _listing(folder))


def _ends_with(path: Path, suffixes: tuple[str, ...]) -> bool:
    return f"{path.name}{'/' * path.is_dir()}".lower().endswith(suffixes)


def _refuse_others(path: Path) -> None:
    for suffix, what in _OF_OTHERS.items():
        if _ends_with(path, (suffix,)):
            raise WeightsError(f"{path} is {what}, which is not served", _BRING)


def _refuse_half_a_network(folder: Path) -> None:
    """Say which half of OpenVINO's .xml and .bin is missing, here or a folder below."""
    for network in (*sorted(folder.glob("*.xml")), *sorted(folder.glob("*/*.xml"))):
        with network.open("rb") as file:
            if b"<net" in file.read(1000):
                network_of(network.parent)


def _refuse_plugin(folder: Path) -> None:
    """Say what to write where there is a class that looks like a plugin's."""
    for file in sorted(folder.glob("*.py")):
        try:
            parsed = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for each in parsed.body:
            if isinstance(each, ast.ClassDef) and "predict" in _methods(each):
                raise WeightsError(
                    f"No weights in {folder}; {file.name} has the class {each.name}, which looks "
                    "like a plugin",
                    f"Write the line `plugin: {file.stem}:{each.name}` into "
                    f"{folder / 'model.yaml'}.",
                )


def _methods(parsed: ast.ClassDef) -> set[str]:
    return {each.name for each in parsed.body if isinstance(each, ast.FunctionDef)}


def _listing(folder: Path) -> str:
    names = sorted(file.name for file in folder.iterdir())
    if not names:
        return "The folder is empty: mount the folder with best.pt there."
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"The folder holds: {shown}."
