"""OpenVINO networks written in the place of the files that they were read from."""

import tempfile
from pathlib import Path
from typing import Any


def halve(network: Path) -> None:
    """Rewrite an .xml and its .bin with constants in half precision: half the bytes.

    What it computes in stays the same.
    """
    import openvino

    rewrite(network, openvino.Core().read_model(network), half=True)


def rewrite(network: Path, model: Any, *, half: bool) -> None:
    """Write `model` over an .xml and the .bin beside it."""
    import openvino

    with tempfile.TemporaryDirectory(dir=network.parent) as folder:
        made = Path(folder, network.name)  # the .bin of a model that is open cannot be written to
        openvino.save_model(model, made, compress_to_fp16=half)
        for suffix in (".bin", ".xml"):
            made.with_suffix(suffix).replace(network.with_suffix(suffix))
