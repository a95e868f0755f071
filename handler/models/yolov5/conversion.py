"""Files of YOLOv5's own repository, exported as its export.py does, without its code.

Beside the network it writes `stride` and `names`, by which `metadata` knows these files.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml

from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.yolov5.weights import names_of, read_network
from handler.settings import Settings

_EXAMPLE = torch.zeros(1, 3, 320, 256)  # any shape will do: it is free in what is written


def convert(
    folder: ModelFolder,
    checkpoint: Checkpoint,
    kind: str,
    options: Options,  # noqa: ARG001 - the image size is no part of the file
    settings: Settings,  # noqa: ARG001 - the loader trusts nobody
    out: Path,
) -> Path:
    """Write the network and what describes it, and return the file or folder, in `out`."""
    network = read_network(folder, checkpoint)
    names = dict(enumerate(names_of(folder, network).classes))
    stride = getattr(network.model[-1], "stride", None)
    about = {"stride": 32 if stride is None else int(stride.max()), "names": names}
    return _WRITERS[kind](network, about, out)


def _openvino(network: Any, about: dict[str, Any], out: Path) -> Path:
    import openvino

    traced: Any = torch.jit.trace(network, _EXAMPLE)  # type: ignore[no-untyped-call]
    model = openvino.convert_model(traced, example_input=_EXAMPLE)
    model.reshape([1, 3, -1, -1])
    made = out / "best_openvino_model"
    openvino.save_model(model, made / "best.xml", compress_to_fp16=False)
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True)
    (made / "best.yaml").write_text(text, "utf-8")
    return made


def _onnx(network: Any, about: dict[str, Any], out: Path) -> Path:
    import onnx

    made = out / "best.onnx"
    torch.onnx.export(
        network,
        (_EXAMPLE,),
        made,
        input_names=["images"],
        dynamic_axes={"images": {2: "height", 3: "width"}},
        dynamo=False,
    )
    model = onnx.load(made)
    for key, value in about.items():
        model.metadata_props.add(key=key, value=str(value))
    onnx.save(model, made)
    return made


_WRITERS: dict[str, Callable[[Any, dict[str, Any], Path], Path]] = {
    "openvino": _openvino,
    "onnx": _onnx,
}
