from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest

from handler.models.engines import openvino as engine
from handler.models.engines.engine import Normalisation, Plan
from handler.models.folder.metadata import network_of

WEIGHTS = 12 * 2**20  # of yolov8n, about


class Counting(openvino.Core):  # type: ignore[misc]
    compiled = 0

    def compile_model(self, *arguments: Any) -> Any:
        self.compiled += 1
        return super().compile_model(*arguments)


@pytest.mark.parametrize(("memory", "kept"), [(0, 2), (4 * WEIGHTS, 3), (100 * WEIGHTS, 16)])
def test_as_many_shapes_stay_compiled_as_have_room_for_the_weights(
    export_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, memory: int, kept: int
) -> None:
    monkeypatch.setattr(engine, "_MEMORY", memory)
    core = Counting()
    network = core.read_model(network_of(export_of("yolov8n", "openvino")))
    runs = engine.OpenVINO(core, network, Plan("auto", 1, "f32"), lambda _: Normalisation())

    def see(*widths: int) -> int:
        before = core.compiled
        for width in widths:
            runs.run(np.zeros((32, 32 * width, 3), np.uint8))
        return core.compiled - before

    widths = range(1, kept + 1)
    assert see(*widths) == kept
    assert see(*widths) == 0
    assert see(kept + 1) == 1
    assert see(*widths[1:]) == 0
    assert see(1) == 1
