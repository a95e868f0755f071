from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from handler.detection.agreement import differences
from handler.errors import SettingsError
from handler.models import families
from handler.models.engines import engine
from handler.models.engines.engine import Plan, precisions
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that makes this machine's processor one with the named features."""
    return lambda *flags: monkeypatch.setattr(engine, "cpu_flags", lambda: frozenset(flags))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("avx2",), ("f32",)),
        (("avx2", "avx512f", "avx512_vnni"), ("f32",)),
        (("avx512f", "avx512_bf16"), ("bf16", "f32")),
        (("avx512f", "amx_bf16", "amx_tile"), ("bf16", "f32")),
        (("asimd", "bf16"), ("bf16", "f32")),
    ],
)
def test_bf16_is_for_processors_that_compute_in_it(
    processor: Callable[..., None], flags: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    processor(*flags)
    assert precisions() == expected


@pytest.mark.parametrize(
    ("flags", "verified", "asked", "expected"),
    [
        (("amx_bf16",), "bf16", "auto", "bf16"),
        (("avx2",), "bf16", "auto", "f32"),  # exported on another machine
        (("amx_bf16",), "f32", "auto", "f32"),  # never verified in bf16
        (("amx_bf16",), None, "auto", "f32"),
        (("amx_bf16",), "int8-bf16", "auto", "bf16"),
        (("avx2",), "int8-bf16", "auto", "f32"),
        (("amx_bf16",), "int8", "auto", "f32"),
        (("amx_bf16",), "int8-bf16", "f32", "f32"),
        (("amx_bf16",), "f32", "bf16", "bf16"),
        (("avx2",), "f32", "bf16", "bf16"),  # forced: the engine does what it can
    ],
)
def test_the_machine_and_what_was_verified_choose_the_precision(
    processor: Callable[..., None],
    flags: tuple[str, ...],
    verified: str | None,
    asked: str,
    expected: str,
) -> None:
    processor(*flags)
    config: dict[str, Any] = {} if verified is None else {"precision": verified}
    assert Plan.of(Settings(precision=asked), config).precision == expected


def test_eight_bits_are_not_chosen_when_it_is_served() -> None:
    with pytest.raises(SettingsError, match="ANNOTATE_PRECISION is 'int8', not one of auto, f32"):
        Settings.from_environment({"ANNOTATE_PRECISION": "int8"})


def test_a_model_verified_in_bf16_is_served_in_f32_where_there_is_none(
    tmp_path: Path, export_of: Callable[..., Path], processor: Callable[..., None]
) -> None:
    weights = export_of("yolov8n", "onnx")
    (tmp_path / weights.name).symlink_to(weights)
    picture = np.asarray(cv2.imread(str(PHOTOGRAPHS[0])), np.uint8)
    in_f32 = families.load(ModelFolder.open(tmp_path), Options(), Settings(precision="f32"))
    (tmp_path / "model.yaml").write_text("precision: bf16\n")
    processor("avx2")
    model = families.load(ModelFolder.open(tmp_path), Options(), Settings())
    expected = in_f32.predict(picture, 0.25)
    assert len(expected) > 10
    assert not list(differences(expected, model.predict(picture, 0.25)))
