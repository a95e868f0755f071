from pathlib import Path

import pytest
from ultralytics import YOLO

from benchmarks import models
from handler.errors import ModelError
from tests.conftest import EXAMPLES


def test_the_demo_is_asked_at_640_pixels(tmp_path: Path) -> None:
    weights = models.demo(tmp_path / "demo")
    assert YOLO(weights).overrides["imgsz"] == 640


def test_what_cannot_be_exported_says_why(tmp_path: Path) -> None:
    weights = tmp_path / "best.pt"
    weights.write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"best\.pt cannot be exported: Error: "):
        models.exported("broken", weights, EXAMPLES[:1], tmp_path / "out", thorough=True)
