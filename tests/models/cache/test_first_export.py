"""Models are exported that find nothing on the photographs; what answers otherwise is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from handler.errors import WeightsError
from handler.models.cache.first_export import export_first
from handler.models.export import export as exporting
from handler.models.folder.model_folder import ModelFolder
from handler.settings import Settings
from tests.conftest import DEMO
from tests.damage import convert_and_damage


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolov8n-cls"])
def test_any_task_is_exported_at_any_threshold(
    tmp_path: Path, model_of: Callable[[str], Path], architecture: str
) -> None:
    # At 0.99 it reports nothing on the photographs.
    settings = Settings(weights=model_of(architecture), threshold=0.99)
    export_first(settings, "openvino", tmp_path / "made")
    assert ModelFolder.open(tmp_path / "made").weights.is_dir()


def test_a_damaged_network_is_refused_by_what_the_model_would_not_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "convert", convert_and_damage)
    with pytest.raises(WeightsError, match=r"answers differently"):
        export_first(Settings(weights=DEMO, threshold=0.99), "openvino", tmp_path / "made")
    assert not list(tmp_path.iterdir())
