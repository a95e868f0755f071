import subprocess
import sys
from pathlib import Path

from handler.models.folder.checkpoint import Checkpoint
from handler.service import Service
from handler.settings import Settings
from tests.conftest import EXAMPLES, ROOT


def test_training_gives_a_model_folder_that_is_served(tmp_path: Path) -> None:
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "examples.train_digits", "--out", tmp_path / "model"),
            *("--work", tmp_path / "work", "--images", "16", "--epochs", "1"),
            *("--image-size", "64"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "mAP50" in finished.stdout

    weights = tmp_path / "model" / "best.pt"
    assert weights.stat().st_size < 7_000_000
    assert str(tmp_path) not in weights.read_bytes().decode("latin-1")
    assert "ultralytics.nn.tasks.DetectionModel" in Checkpoint.inspect(weights).imports

    service = Service.load(Settings(weights=tmp_path / "model"))
    assert service.model.classes[:3] == ("zero", "one", "two")
    service.annotate(EXAMPLES[0].read_bytes())
