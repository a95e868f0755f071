from pathlib import Path

import pytest
import torch

from handler.errors import SettingsError, WeightsError
from handler.models import families
from handler.models.folder import ModelFolder
from handler.models.options import Options
from handler.settings import Settings
from tests.conftest import pickle_importing


def load(folder: Path) -> families.Model:
    return families.load(ModelFolder.open(folder), Options(), Settings())


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("models.yolo", "YOLOv5 .* of its own repository"),
        ("mmengine.logging", "MMRotate or MMDetection"),
        ("yolox.models", "YOLOX"),
        ("somebody.net", "no model of a known family .it imports somebody.net.Model"),
    ],
)
def test_what_is_not_served_is_named(tmp_path: Path, module: str, reason: str) -> None:
    (tmp_path / "best.pt").write_bytes(pickle_importing(f"{module}.Model"))
    with pytest.raises(WeightsError, match=reason):
        load(tmp_path)


def test_a_bare_state_dict_is_told_from_a_model(tmp_path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "best.pt")
    with pytest.raises(WeightsError, match="bare state dict"):
        load(tmp_path)


def test_a_family_that_does_not_exist_suggests_one_that_does(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(pickle_importing("ultralytics.nn.tasks.DetectionModel"))
    (tmp_path / "model.yaml").write_text("family: ultralytic\n")
    with pytest.raises(SettingsError, match="Did you mean 'ultralytics'"):
        load(tmp_path)
