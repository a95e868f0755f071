"""The demo in eight bits, quantised on the examples and measured by their labels."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openvino
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from handler.cli import main
from handler.errors import SettingsError, WeightsError
from handler.models.export import int8
from handler.models.export.export import export
from handler.models.export.int8 import export_int8
from handler.models.export.quantisation import answering
from handler.models.folder.model_folder import ModelFolder
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES, ROOT


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, exported for small pictures."""
    folder = tmp_path_factory.mktemp("demo") / "fast"
    settings = Settings(weights=DEMO, image_size=320, precision="f32")
    export(settings, "openvino", EXAMPLES, folder)
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text() + "image_size: 320\n")
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The examples, with their labels as YOLO has them."""
    names = ModelFolder.open(DEMO).classes or ()
    folder = tmp_path / "data" / "images"
    folder.mkdir(parents=True)
    (tmp_path / "data" / "labels").mkdir()
    for example in EXAMPLES:
        shutil.copy(example, folder)
        with Image.open(example) as image:
            width, height = image.size
        lines = []
        for shape in json.loads(example.with_suffix(".json").read_text()):
            x1, y1, x2, y2 = shape["points"]
            centre = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
            size = (x2 - x1) / width, (y2 - y1) / height
            lines.append(" ".join(map(str, (names.index(shape["label"]), *centre, *size))))
        labels = tmp_path / "data" / "labels" / f"{example.stem}.txt"
        labels.write_text("\n".join(lines))
    return folder


def test_an_exported_folder_is_quantised_and_measured_by_labels(
    tmp_path: Path, exported: Path, pictures: Path
) -> None:
    out = tmp_path / "int8"
    arguments = ["--weights", str(exported), "--images", str(pictures), "--out", str(out)]
    ran = CliRunner().invoke(main, ["export", "--int8", "--accept-loss", "30", *arguments])
    assert ran.exit_code == 0, ran.output
    assert "4 pictures; 300 give a better model" in ran.output

    config = yaml.safe_load((out / "model.yaml").read_text())
    measured = config["exported"]["int8"]
    assert config["precision"] in ("int8", "int8-bf16")
    assert (measured["measure"], measured["pictures"]) == ("mAP50-95", 4)
    assert measured["by"] == "the labels of the pictures"
    assert measured["points"] > 50  # of the demo at 320 pixels
    assert config["exported"]["from"] == "best.pt"
    assert (config["name"], config["image_size"]) == ("digits", 320)
    assert f"mAP50-95 {measured['points']:.2f}, a loss of" in ran.output

    assert (out / "classes.txt").read_text() == (DEMO / "classes.txt").read_text()
    size, before = (
        (folder / "best_openvino_model" / "best.bin").stat().st_size for folder in (out, exported)
    )
    assert size < before * 0.55  # of constants in half precision
    service = Service.load(Settings(weights=out))
    found = [len(service.annotate(picture.read_bytes(), 0.5)[1]) for picture in EXAMPLES]
    assert min(found) >= 3


def test_a_loss_that_is_too_great_is_refused(
    tmp_path: Path, exported: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "RECIPES", int8.RECIPES[-1:])  # each takes seconds
    settings = Settings(weights=exported)
    with pytest.raises(WeightsError, match=r"loses .* of mAP50-95 by the labels .*--accept-loss"):
        export_int8(settings, sorted(pictures.iterdir())[:1], tmp_path / "int8", -100)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_without_labels_the_answers_in_f32_are_the_truth(tmp_path: Path, exported: Path) -> None:
    made = export_int8(Settings(weights=exported), EXAMPLES[:2], tmp_path / "int8", 100)
    assert made.by == "the answers in f32"
    # Of a model that agrees with itself it is 99.5: so ultralytics integrates.
    assert made.points + made.loss == pytest.approx(99.5, abs=0.02)
    with pytest.raises(WeightsError, match="is not quantised"):
        export_int8(Settings(weights=tmp_path / "int8"), EXAMPLES, tmp_path / "again", 100)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "--int8 needs --images"),
        (["--images", str(EXAMPLES[0]), "--to", "onnx"], "and writes OpenVINO only"),
    ],
)
def test_what_int8_takes_is_said(tmp_path: Path, arguments: list[str], reason: str) -> None:
    options = ["--int8", "--weights", str(DEMO), "--out", str(tmp_path / "int8")]
    ran = CliRunner().invoke(main, ["export", *options, *arguments])
    assert ran.exit_code == 2
    assert reason in ran.output


def test_pictures_that_show_nothing_measure_nothing(tmp_path: Path, exported: Path) -> None:
    settings = Settings(weights=exported, threshold=1)
    with pytest.raises(SettingsError, match="nothing on 1 pictures, by the answers in f32"):
        export_int8(settings, EXAMPLES[:1], tmp_path / "int8", 1)


def test_nncf_is_imported_without_scipy() -> None:
    """The images have none."""
    program = (
        "import sys; sys.modules['scipy'] = None\n"
        "from handler.models.export.quantisation import import_nncf\n"
        "assert callable(import_nncf().quantize) and 'scipy.linalg' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


@pytest.mark.parametrize("architecture", ["yolov8n", "yolo11n-seg", "yolov8n-pose", "rtdetr-l"])
def test_what_makes_answers_of_the_last_layers_stays_in_single_precision(
    export_of: Callable[..., Path], architecture: str
) -> None:
    """Boxes and scores must not meet on one scale of 256 steps."""
    model = openvino.Core().read_model(export_of(architecture, "onnx"))
    names = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    alone, with_layers = answering(model, 0), answering(model, 1)
    kinds = [names[name].get_type_name() for name in alone]
    assert alone < with_layers < names.keys()
    assert {"Concat", "Sigmoid"} <= set(kinds)
    # Of a softmax over the bins of a side a convolution makes its expectation: DFL.
    layers = [name for name in alone if names[name].get_type_name() == "Convolution"]
    assert layers == [] if architecture == "rtdetr-l" else all("dfl" in name for name in layers)
    assert len(with_layers) < len(names) / 2
    for result in model.get_results():
        assert result.input_value(0).get_node().get_friendly_name() in alone
