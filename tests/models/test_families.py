import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from handler.errors import SettingsError
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.conftest import pickle_importing


def load(folder: Path) -> families.Model:
    return families.load(ModelFolder.open(folder), Options(), Settings())


def test_a_family_that_does_not_exist_suggests_one_that_does(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(pickle_importing("ultralytics.nn.tasks.DetectionModel"))
    (tmp_path / "model.yaml").write_text("family: ultralytic\n")
    with pytest.raises(SettingsError, match="Did you mean 'ultralytics'"):
        load(tmp_path)


def test_a_task_that_the_weights_do_not_have_is_refused(
    tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    shutil.copy(model_of("yolov8n") / "best.pt", tmp_path)
    (tmp_path / "model.yaml").write_text("task: pose\n")
    with pytest.raises(SettingsError, match="task is pose, the model is trained for detect"):
        load(tmp_path)


def test_a_threshold_for_a_class_that_does_not_exist_is_refused(
    model_of: Callable[[str], Path],
) -> None:
    options = Options(class_thresholds={"class 1x": 0.5})
    with pytest.raises(SettingsError, match="class_thresholds: the model has no class 'class 1x'"):
        families.load(ModelFolder.open(model_of("yolov8n")), options, Settings())


def test_what_a_library_prints_stays_out_of_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.yaml").write_text("plugin: loud:Loud\n")
    (tmp_path / "loud.py").write_text(
        "print('imported')\n"
        "class Loud:\n"
        "    task = 'detect'\n"
        "    classes = ['car']\n"
        "    def load(self, folder, device): print('loaded')\n"
        "    def predict(self, picture, threshold): ...\n"
    )
    load(tmp_path)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == ["imported", "loaded"]
