"""Where libraries are missing: exported models need no torch, and the others say what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from handler.cli import main
from handler.errors import AnnotateError
from handler.models import libraries
from handler.models.export.export import export
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES, ROOT, pickle_importing

EXPORTED = DEMO / "exported"
BLOCK = """
import sys
for name in ("torch", "torchvision", "ultralytics", "onnx"):
    sys.modules[name] = None
"""
IMPORT_ALL = """
import importlib, pkgutil, handler
for module in pkgutil.walk_packages(handler.__path__, "handler."):
    if not module.name.startswith(NEED_TORCH):
        importlib.import_module(module.name)
"""
# Modules of the families that need it.
NEED_TORCH = tuple(
    f"handler.models.{name}"
    for name in (
        "engines.device",
        "export.accuracy",
        "export.int8",
        "mmrotate.generation_0",
        "mmrotate.generation_1",
        "mmrotate.weights",
        "torchvision",
        "ultralytics.tasks",
        "unpickling",
        "yolov5",
    )
)
PLUGIN = """
{module}
class Model:
    task = "detect"
    classes = ("car",)

    def load(self, folder, device):
        {load}
"""


def python(code: str, *arguments: object) -> str:
    """Run code where torch, torchvision, ultralytics and onnx cannot be imported."""
    finished = subprocess.run(
        [sys.executable, "-c", BLOCK + code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither torch nor a checkout to install it with, as in an image."""
    for library in ("torch", "ultralytics"):
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(libraries, "_INSTALL", tmp_path / "install")


def why_not(folder: Path) -> str:
    with pytest.raises(AnnotateError) as caught:
        Service.load(Settings(weights=folder))
    return str(caught.value)


def test_all_but_the_families_that_need_it_can_be_imported() -> None:
    python(f"NEED_TORCH = {NEED_TORCH!r}\n{IMPORT_ALL}")


def test_the_command_line_annotates_with_an_exported_model(tmp_path: Path) -> None:
    command = ("annotate", EXAMPLES[0], "--weights", EXPORTED, "--out", tmp_path / "out")
    printed = python("from handler.cli import main; main()", *command)
    assert f"{EXAMPLES[0]}: 2 " in printed
    assert (tmp_path / "out" / f"{EXAMPLES[0].stem}.json").exists()


@pytest.mark.usefixtures("no_torch")
def test_a_pt_gets_the_command_that_exports_it(tmp_path: Path) -> None:
    shutil.copy2(DEMO / "best.pt", tmp_path / "cars.pt")
    said = why_not(tmp_path)
    assert (
        f"{tmp_path / 'cars.pt'} needs ultralytics, which is not here. Export it: docker run"
        in said
    )
    assert "auto-annotate export --weights /model/cars.pt --images /pictures" in said
    with pytest.raises(AnnotateError, match="needs ultralytics, which is not here"):
        export(Settings(weights=tmp_path), "onnx", EXAMPLES, tmp_path / "fast")


@pytest.mark.parametrize("config", ["family: torchvision", "family: torchscript"])
@pytest.mark.usefixtures("no_torch")
def test_what_is_not_exported_is_sent_to_the_image_with_torch(tmp_path: Path, config: str) -> None:
    (tmp_path / "best.pth").write_bytes(pickle_importing("collections.OrderedDict"))
    (tmp_path / "model.yaml").write_text(config)
    assert why_not(tmp_path).endswith(", which has it.")


@pytest.mark.parametrize(("module", "load"), [("import torch", "pass"), ("", "import torch.nn")])
@pytest.mark.usefixtures("no_torch")
def test_a_plugin_that_imports_it_is_sent_there_too(tmp_path: Path, module: str, load: str) -> None:
    (tmp_path / f"{tmp_path.name}.py").write_text(PLUGIN.format(module=module, load=load))
    (tmp_path / "model.yaml").write_text(f"plugin: {tmp_path.name}:Model")
    assert why_not(tmp_path).endswith(", which has it.")


def test_in_a_checkout_a_script_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("nncf", "ultralytics"):
        monkeypatch.setitem(sys.modules, library, None)
    assert why_not(DEMO).endswith("Install it with ./scripts/install runtime.")
    command = ["export", "--int8", "--images", str(EXAMPLES[0]), "--out", "int8"]
    finished = CliRunner().invoke(main, [*command, "--weights", str(EXPORTED)])
    assert finished.exit_code == 1
    assert "--int8 needs nncf, which is not here. Install it with ./scripts" in finished.output


@pytest.mark.usefixtures("no_torch")
def test_an_exported_model_where_openvino_is_missing_is_sent_there_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert "best_openvino_model needs openvino, which is not here" in why_not(EXPORTED)
