"""A plugin as a family, and the worked example against the library that it wraps."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from facenet_pytorch import MTCNN

from handler.errors import AnnotateError
from handler.service import Service
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "faces"
PLUGIN = """
import numpy as np
from handler.detection.detections import Detections

class Two:
    task = "{task}"
    classes = ("car", "bus")

    def load(self, folder, device):
        {load}

    def predict(self, picture, threshold):
        return Detections(
            np.array([[1, 2, 30, 40]] * 2, np.float32),
            np.array([0.9, 0.2], np.float32),
            np.array([1, 0]),
        )
"""


def folder_of(path: Path, task: str = "detect", load: str = "pass", name: str = "") -> Path:
    module = name or f"plugin_{path.name}"
    (path / f"{module}.py").write_text(PLUGIN.format(task=task, load=load))
    (path / "model.yaml").write_text(f"plugin: {module}:Two\n")
    return path


def open_service(path: Path) -> Service:
    return Service.load(Settings(weights=path, device="cpu"))


def test_a_plugin_answers_and_its_threshold_is_kept(tmp_path: Path) -> None:
    service = open_service(folder_of(tmp_path))
    picture = cv2.imencode(".png", np.zeros((50, 60, 3), np.uint8))[1].tobytes()
    _, shapes = service.annotate(picture, 0.5)
    assert [(shape["label"], shape["points"]) for shape in shapes] == [("bus", [1, 2, 30, 40])]
    assert len(service.annotate(picture, 0.1)[1]) == 2


def test_plugins_of_one_name_are_each_their_own(tmp_path: Path) -> None:
    picture = np.zeros((50, 60, 3), np.uint8)
    services = []
    for name, where in (("first", 1), ("second", 7)):
        folder = tmp_path / name
        folder.mkdir()
        folder_of(folder, name="detector")
        (folder / "beside.py").write_text(f"WHERE = {where}\n")
        module = folder / "detector.py"
        text = module.read_text().replace("[[1, 2, 30, 40]]", "[[WHERE, 2, 30, 40]]")
        module.write_text(f"from beside import WHERE\n{text}")
        services.append(open_service(folder))
    lefts = [service.detect(picture).boxes[0, 0] for service in services]
    assert lefts == [1, 7]


@pytest.mark.parametrize(
    ("task", "load", "reason"),
    [
        ("faces", "pass", "has the task 'faces'.* A task is one of detect, obb"),
        ("pose", "pass", "pose needs the names of keypoints"),
        ("detect", "raise OSError('no such file')", "cannot load: OSError: no such file"),
    ],
)
def test_a_plugin_that_does_not_fit_is_said_to_be_so(
    tmp_path: Path, task: str, load: str, reason: str
) -> None:
    with pytest.raises(AnnotateError, match=reason):
        open_service(folder_of(tmp_path, task, load))


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("two:Two", r"two.py does not exist"),
        ("broken:Two", r"cannot be imported \(No module named 'nothing_like_it'\)"),
        ("empty:Two", r"cannot be imported .*'Two'.*Write `plugin: MODULE:CLASS`"),
    ],
)
def test_code_that_cannot_be_imported_is_said_to_be_so(
    tmp_path: Path, plugin: str, reason: str
) -> None:
    (tmp_path / "broken.py").write_text("import nothing_like_it\n")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "model.yaml").write_text(f"plugin: {plugin}\n")
    with pytest.raises(AnnotateError, match=reason):
        open_service(tmp_path)


def test_the_worked_example_finds_the_faces_that_its_library_finds() -> None:
    service = open_service(EXAMPLE)
    (label,) = service.labels
    assert (label.type, len(label.keypoints), len(label.edges)) == ("skeleton", 5, 6)
    found = 0
    for photograph in PHOTOGRAPHS:
        picture, shapes = service.annotate(photograph.read_bytes())
        boxes, scores, points = MTCNN(keep_all=True).detect(
            np.ascontiguousarray(picture[..., ::-1]), landmarks=True
        )
        sure = scores >= 0.9
        assert len(shapes) == sure.sum() == len(boxes[sure])
        for shape, expected in zip(shapes, points[sure], strict=True):
            ours = np.array([element["points"] for element in shape["elements"]])
            np.testing.assert_allclose(ours, expected.astype(float), atol=0.5)
        found += len(shapes)
    assert found >= 4


def test_the_worked_example_is_short() -> None:
    assert len((EXAMPLE / "faces.py").read_text().splitlines()) < 60


ANSWERS = """
import numpy as np
from handler.detection.detections import Detections

class Answers:
    task = "{task}"
    classes = ("car", "bus")
    keypoints = ("tip", "tail")

    def load(self, folder, device):
        pass

    def predict(self, picture, threshold):
        boxes = np.array([[1, 2, 30, 40]], np.float32)
        scores, classes = np.array([0.9], np.float32), np.array([1])
        return {answer}
"""


@pytest.mark.parametrize(
    ("task", "answer", "reason"),
    [
        ("detect", "[]", "TypeError: predict has to return Detections, not a list"),
        ("detect", "None", "not a NoneType"),
        ("detect", "Detections(boxes, [0.9], classes)", r"scores has to be a numpy array \(n,\)"),
        ("detect", "Detections(boxes[0], scores, classes)", r"boxes .*\(n, 4\).*it is \(4,\)"),
        ("detect", "Detections(boxes, scores, classes + 1)", r"from 0 to 1.* there are \[2\]"),
        ("obb", "Detections(boxes, scores, classes)", "angles is missing"),
        ("segment", "Detections(boxes, scores, classes)", "masks is missing"),
        ("pose", "Detections(boxes, scores, classes)", "keypoints is missing"),
        (
            "pose",
            "Detections(boxes, scores, classes, keypoints=np.zeros((1, 5, 3), np.float32))",
            r"keypoints has to be \(n, 2, 3\).*\(1, 5, 3\)",
        ),
    ],
)
def test_what_predict_returns_is_checked_at_the_first_prediction(
    tmp_path: Path, task: str, answer: str, reason: str
) -> None:
    module = f"answers_{tmp_path.name}"
    (tmp_path / f"{module}.py").write_text(ANSWERS.format(task=task, answer=answer))
    (tmp_path / "model.yaml").write_text(f"plugin: {module}:Answers\n")
    with pytest.raises(AnnotateError, match=rf"fails at its first prediction.*{reason}") as caught:
        open_service(tmp_path)
    assert "fork" not in str(caught.value)
    assert "docs/families/plugin.md" in str(caught.value)


def test_a_plugin_s_folder_without_model_yaml_is_told_the_line_to_write(tmp_path: Path) -> None:
    folder_of(tmp_path, name="two")
    (tmp_path / "model.yaml").unlink()
    (tmp_path / "broken.py").write_text("class:")
    with pytest.raises(AnnotateError, match=r"Write the line `plugin: two:Two` into .*model\.yaml"):
        open_service(tmp_path)
