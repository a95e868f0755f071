from pathlib import Path
from typing import Any

import pytest

from handler.errors import SettingsError
from handler.parity.runner import rows_of
from handler.parity.script import Script, ScriptError, printed_rows

CLASSES = ("cat", "dog")
ROW = [1, 2, 30, 40, 0.5, 1]
PICTURE = Path("a picture.jpg")


def script(tmp_path: Path, text: str) -> Script:
    file = tmp_path / "evaluate.py"
    file.write_text(text)
    return Script(file, CLASSES)


@pytest.mark.parametrize(
    "text",
    [
        "def predict(path):\n    print(path)\n    return [[1, 2, 30, 40, 0.5, 1]]",
        "import numpy\ndef predict(path):\n    return numpy.array([[1, 2, 30, 40, 0.5, 1]])",
        "def predict(path):\n    return [dict(box=[1, 2, 30, 40], score=0.5, label='dog')]",
        "import sys, json\nprint(json.dumps([[1, 2, 30, 40, 0.5, 'dog']]))",
        "print('image 1/1: 480x640 1 dog, 30 ms')\nprint(1, 2, 30, 40, 0.5, 'dog')",
        "print('1, 2, 30, 40, 0.5, 1')",
        "import sys\nassert sys.argv[1].endswith('a picture.jpg')\nprint(1, 2, 30, 40, .5, 1)",
    ],
)
def test_boxes_are_returned_or_printed(tmp_path: Path, text: str) -> None:
    with script(tmp_path, text) as asked:
        found = asked.answer(PICTURE)
        assert len(asked.answer(PICTURE)) == 1
    assert found.boxes.tolist() == [[1, 2, 30, 40]]
    assert found.scores.tolist() == [0.5]
    assert found.classes.tolist() == [1]


def test_a_seventh_number_is_an_angle(tmp_path: Path) -> None:
    with script(tmp_path, "def predict(path):\n    return [[1, 2, 3, 4, 1, 0, 30]]") as asked:
        found = asked.answer(PICTURE)
    assert found.angles is not None
    assert found.angles.tolist() == [30]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def predict(path):\n    return 1 / 0", "ZeroDivisionError: division by zero"),
        ("def predict(path):\n    return None", "it returns NoneType, not a list of boxes"),
        ("def predict(path):\n    return [[1, 2]]", "a box has 2 numbers"),
        ("def predict(path):\n    return [[1, 2, 3, 4, 1, 'cow']]", "the model has no class 'cow'"),
        ("import sys\nsys.exit('no model here')", "no model here"),
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
    ],
)
def test_a_script_that_fails_shows_its_error(tmp_path: Path, text: str, words: str) -> None:
    with script(tmp_path, text) as asked, pytest.raises(ScriptError, match=words):
        asked.answer(PICTURE)


def test_a_script_that_cannot_start_ends_it(tmp_path: Path) -> None:
    text = "import no_such_package\ndef predict(path): pass"
    with (
        script(tmp_path, text) as asked,
        pytest.raises(SettingsError, match="No module named 'no_such_package'"),
    ):
        asked.answer(PICTURE)
    with pytest.raises(SettingsError, match="is no Python script"):
        script(tmp_path, "def predict(:")


def test_lines_of_another_kind_are_passed_over() -> None:
    assert printed_rows("loading\n1 2 3 4 0.5 cat\nspeed: 1 2 3 4 5 6\n\n") == [
        ["1", "2", "3", "4", "0.5", "cat"]
    ]
    assert printed_rows("[]") == []


def test_what_is_no_box_is_refused() -> None:
    answers: list[Any] = [[1, 2, 3], "text", {"box": []}]
    for wrong in answers:
        with pytest.raises(TypeError):
            rows_of(wrong)


def test_results_of_ultralytics_are_read(demo_results: Any) -> None:
    rows = rows_of(demo_results)
    assert rows == demo_results[0].boxes.data.tolist()
    assert len(rows[0]) == 6


@pytest.fixture(scope="module")
def demo_results() -> Any:
    from ultralytics import YOLO

    from tests.conftest import DEMO, EXAMPLES

    return YOLO(DEMO / "best.pt").predict(EXAMPLES[0], verbose=False)
