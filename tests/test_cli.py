import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image
from ultralytics import YOLO

from handler.cli import main
from tests.conftest import DEMO, EXAMPLES


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("command", ["serve", "annotate", "function", "export"])
def test_help_shows_an_example(command: str) -> None:
    assert f"auto-annotate {command}" in run(command, "--help").stdout


def test_help_imports_nothing_that_only_a_command_needs() -> None:
    heavy = ("cv2", "numpy", "onnxruntime", "openvino", "starlette", "torch", "uvicorn")
    code = (
        "import sys; from click.testing import CliRunner; from handler.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "[]"


def test_annotate_gives_json_and_a_picture(tmp_path: Path) -> None:
    result = run("annotate", *EXAMPLES, "--weights", DEMO, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    for example in EXAMPLES:
        assert f"{example}: " in result.stdout
        assert json.loads((tmp_path / f"{example.stem}.json").read_text())
        with Image.open(tmp_path / f"{example.stem}.jpg") as drawn, Image.open(example) as source:
            assert drawn.size == source.size
            assert np.abs(np.asarray(drawn, int) - np.asarray(source, int)).max() > 100
    objects = sum(len(json.loads(path.read_text())) for path in tmp_path.glob("*.json"))
    assert result.stdout.splitlines()[-1] == f"4 pictures, {objects} objects -> {tmp_path}"


def test_annotating_a_folder_again_gives_the_same_results_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES[0], tmp_path / "a.jpg")
    for again in ([], ["--resume"], []):
        result = run("annotate", ".", "--weights", DEMO, *again)
        assert result.exit_code == 0, result.output
        content = {path.name: path.read_bytes() for path in (tmp_path / "annotated").iterdir()}
        assert sorted(content) == ["a.jpg", "a.json", "annotated.jsonl"]
        if again:
            assert result.stdout == "0 pictures, 0 objects, 1 done before -> annotated\n"


@pytest.mark.parametrize("threshold", [0.25, 0.6])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_annotate_gives_the_boxes_of_ultralytics_predict(
    tmp_path: Path, example: Path, threshold: float
) -> None:
    arguments = ("--weights", DEMO, "--out", tmp_path, "--threshold", str(threshold))
    assert run("annotate", example, *arguments).exit_code == 0
    ours = json.loads((tmp_path / f"{example.stem}.json").read_text())

    theirs = YOLO(DEMO / "best.pt").predict(str(example), conf=threshold)[0]
    assert len(ours) == len(theirs.boxes) > 0
    for shape, box, score, index in zip(
        ours, theirs.boxes.xyxy.numpy(), theirs.boxes.conf, theirs.boxes.cls, strict=True
    ):
        np.testing.assert_allclose(shape["points"], box, atol=0.5)
        assert shape["confidence"] == pytest.approx(float(score), abs=0.001)
        assert shape["label"] == theirs.names[int(index)]


def test_folders_are_searched_for_pictures(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    shutil.copy(EXAMPLES[0], tmp_path / "in" / "a.jpg")
    shutil.copy(EXAMPLES[0], tmp_path / "in" / "deep" / "a.JPG")
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    result = run("annotate", tmp_path / "in", "--weights", DEMO, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a.jpg", "a.json", "annotated.jsonl", "deep"]
    assert (tmp_path / "out" / "deep" / "a.json").exists()


def test_a_broken_picture_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(EXAMPLES[0].read_bytes()[:1000])
    result = run(
        "annotate", tmp_path / "broken.jpg", EXAMPLES[0], "--weights", DEMO, "--out", tmp_path / "o"
    )
    assert result.exit_code == 1
    assert "broken.jpg is truncated or corrupt (" in result.stderr
    assert (tmp_path / "o" / f"{EXAMPLES[0].stem}.json").exists()


def test_a_folder_without_pictures_is_wrong_use(tmp_path: Path) -> None:
    result = run("annotate", tmp_path, "--weights", DEMO)
    assert result.exit_code == 2
    assert "no pictures" in result.stderr


def test_function_carries_the_labels_of_the_weights() -> None:
    result = run("function", "--weights", DEMO, "--image", "registry/annotate:1")
    document = yaml.safe_load(result.stdout)
    labels = json.loads(document["metadata"]["annotations"]["spec"])
    assert [label["name"] for label in labels] == (DEMO / "classes.txt").read_text().split()
    assert document["metadata"]["name"] == "digits"
    assert document["spec"]["image"] == "registry/annotate:1"
    assert document["spec"]["volumes"][0]["volume"]["hostPath"]["path"] == str(DEMO.resolve())


def test_the_repository_s_function_is_this_command_s_output() -> None:
    result = run("function", "--weights", DEMO, "--weights-path", "/opt/auto-annotate/weights")
    assert (DEMO.parent / "function.yaml").read_text() == result.stdout


def test_function_takes_its_name_from_the_folder(
    tmp_path: Path, model_of: Callable[[str], Path]
) -> None:
    folder = shutil.copytree(model_of("yolov8n"), tmp_path / "Traffic Signs")
    document = yaml.safe_load(run("function", "--weights", folder).stdout)
    assert document["metadata"]["name"] == "traffic-signs"
    assert document["metadata"]["annotations"]["name"] == "Traffic Signs"
    assert document["spec"]["description"] == "yolov8n detector"


@pytest.mark.parametrize("command", ["annotate", "function", "serve"])
def test_a_mistake_is_one_line_and_exit_code_1(tmp_path: Path, command: str) -> None:
    pictures = EXAMPLES[:1] if command == "annotate" else []
    result = run(command, *pictures, "--weights", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: No weights (.pt, .pth")
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["annotate", "bench", "check", "export", "function", "serve"])
def test_weights_that_are_not_there_name_the_option(command: str, tmp_path: Path) -> None:
    pictures = EXAMPLES[:1] if command == "annotate" else []
    result = run(command, *pictures, "--weights", tmp_path / "none")
    assert result.exit_code == 2
    assert f"'--weights': Path '{tmp_path / 'none'}' does not exist" in result.stderr


def test_a_text_file_as_weights_is_called_one() -> None:
    result = run("function", "--weights", DEMO / "classes.txt")
    assert result.exit_code == 1
    assert "classes.txt is a text file, not weights. Name the model folder" in result.stderr


def test_replicas_in_the_wrong_order_are_named_as_they_were_given() -> None:
    arguments = ("--weights", DEMO / "exported", "--platform", "kubernetes")
    result = run("function", *arguments, "--replicas", "4:1")
    assert "4 to 1 replicas are not 1 or more, the fewest first" in result.stderr


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    result = run("--debug", "function", "--weights", tmp_path)
    assert result.exception is not None
    assert type(result.exception).__name__ == "WeightsError"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATE_TRESHOLD", "0.5")
    result = run("function", "--weights", DEMO)
    assert result.exit_code == 1
    assert "ANNOTATE_TRESHOLD is not a setting. Did you mean 'ANNOTATE_THRESHOLD'?" in result.stderr


def test_export_needs_pictures_to_compare_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    arguments = ("--weights", DEMO, "--out", tmp_path / "fast")
    result = run("export", *arguments, "--images", tmp_path / "empty")
    assert result.exit_code == 2
    assert "name some with --images" in result.stderr


def test_export_says_what_was_compared(tmp_path: Path) -> None:
    result = run("export", "--weights", DEMO, "--to", "onnx", "--out", tmp_path / "fast")
    assert result.exit_code == 0, result.output
    assert (
        f"{tmp_path / 'fast'}: the original's answers on {len(EXAMPLES)} pictures" in result.stdout
    )


def test_export_without_pictures_to_compare_on_asks_for_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handler.commands.export._EXAMPLES", tmp_path / "examples")
    result = run("export", "--weights", DEMO, "--out", tmp_path / "fast")
    assert result.exit_code == 2
    assert "name some with --images" in result.stderr
