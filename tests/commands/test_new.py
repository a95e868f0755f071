"""`auto-annotate new`."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from handler.cli import main
from handler.service import Service
from handler.settings import Settings


@pytest.mark.parametrize("name", ["mine", "my-cars v2", "8 bits", "class"])
def test_the_start_of_a_plugin_answers(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "models" / name
    result = CliRunner().invoke(main, ["new", "plugin", str(folder)])
    assert result.exit_code == 0, result.output
    assert "auto-annotate annotate" in result.output
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:60, 50:120] = 255
    service = Service.load(Settings(weights=folder, device="cpu"))
    _, (shape,) = service.annotate(cv2.imencode(".png", picture)[1].tobytes())
    assert shape["label"] == "bright"
    np.testing.assert_allclose(shape["points"], [50, 20, 120, 60], atol=5)


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text("threshold: 0.4\n")
    result = CliRunner().invoke(main, ["new", "plugin", str(tmp_path)])
    assert result.exit_code == 1
    assert "model.yaml is there already" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["model.yaml"]
