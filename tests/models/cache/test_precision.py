"""A network that a user brings is verified in bf16 once, and the log says what was chosen and why.

The processor is made to compute in bf16; OpenVINO does so on any, slowly where it has to.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino
import pytest
import yaml
from openvino import opset13

from handler.models.cache import loading, precision
from handler.models.engines import engine
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings


@pytest.fixture(autouse=True)
def _bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "cpu_flags", lambda: frozenset({"amx_bf16"}))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that is sure that pictures are light: in bf16 its answers are the same."""
    pixels = opset13.parameter([1, 3, 64, 64], np.float32)
    mean = opset13.reduce_mean(pixels, opset13.constant([2, 3]))
    weights = opset13.constant(np.array([[4, -4]] * 3, np.float32))
    scores = opset13.softmax(opset13.matmul(mean, weights, False, False), 1)
    folder = tmp_path_factory.mktemp("light") / "light_openvino_model"
    folder.mkdir()
    openvino.save_model(openvino.Model([scores], [pixels]), folder / "light.xml")
    written = {"task": "classify", "names": {0: "light", 1: "dark"}, "imgsz": [64, 64], "stride": 1}
    (folder / "metadata.yaml").write_text(yaml.safe_dump(written))
    return folder


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[..., str]:
    """A function that starts a model and returns what the log says of its precision."""

    def start(weights: Path, **settings: object) -> str:
        caplog.clear()
        folder = ModelFolder.open(weights)
        asked = Settings(weights=weights, **settings)  # type: ignore[arg-type]
        with caplog.at_level(logging.INFO, "auto_annotate"):
            loading.load(folder, Options.merge(asked, folder.config), asked)
        (line,) = [each.getMessage() for each in caplog.records if " computes in " in each.message]
        return line.removeprefix(f"{folder.weights} computes in ")

    return start


def test_what_answers_the_same_is_served_in_bf16(
    classifier: Path, said: Callable[..., str], tmp_path: Path
) -> None:
    expected = "bf16: it answers as in f32, by 2 objects on photographs"
    assert said(classifier, cache=tmp_path) == expected
    assert said(classifier) == expected


@pytest.mark.parametrize("kind", ["openvino", "onnx"])
def test_what_answers_otherwise_is_served_in_f32(
    export_of: Callable[..., Path], said: Callable[..., str], tmp_path: Path, kind: str
) -> None:
    line = said(export_of("yolov8n", kind), cache=tmp_path)
    assert line.startswith("f32: in bf16 it answers otherwise on photographs: ")


def test_the_cache_remembers_it_for_these_weights_alone(
    classifier: Path,
    export_of: Callable[..., Path],
    said: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = said(classifier, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    again = precision.Precision("f32", "compared again")
    monkeypatch.setattr(precision, "_compare", lambda *_: again)
    assert said(classifier, cache=tmp_path) == first
    assert said(export_of("yolov8n-cls", "onnx"), cache=tmp_path) == "f32: compared again"
    kept.write_text("{")
    assert said(classifier, cache=tmp_path) == "f32: compared again"


def test_without_a_cache_it_may_take_a_second(
    classifier: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(precision, "_SECONDS", 0)
    why = "f32: to verify bf16 takes more than 0 s; a cache would keep it"
    assert said(classifier) == why
    assert said(classifier, cache=tmp_path / "not there") == why


@pytest.mark.parametrize("asked", ["f32", "bf16"])
def test_the_setting_forces_either(classifier: Path, said: Callable[..., str], asked: str) -> None:
    assert said(classifier, precision=asked) == f"{asked}: ANNOTATE_PRECISION says so"


@pytest.mark.parametrize("verified", ["f32", "bf16"])
def test_model_yaml_says_what_our_export_was_verified_in(
    classifier: Path, said: Callable[..., str], tmp_path: Path, verified: str
) -> None:
    (tmp_path / classifier.name).symlink_to(classifier)
    (tmp_path / "model.yaml").write_text(f"precision: {verified}\n")
    assert said(tmp_path) == f"{verified}: its export was verified in it"


def test_a_processor_without_bf16_computes_in_f32(
    classifier: Path, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "cpu_flags", lambda: frozenset({"avx512_vnni"}))
    assert said(classifier) == "f32: this processor does not compute in bf16"
