"""The demo's fast form against its library, against scripts with deliberate mistakes, and a URL."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from handler.errors import SettingsError
from handler.parity.page import page
from handler.parity.report import engine_verdict, to_json, verdict
from handler.parity.study import Asked, Study, study
from handler.parity.ways import Models
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES

PICTURES = EXAMPLES[:4]
_LOAD = f"""
import cv2
from ultralytics import YOLO
model = YOLO({str(DEMO / "best.pt")!r})
def boxes(picture):
    return model.predict(picture, conf=0.25, verbose=False)[0].boxes.data.tolist()
"""
SCRIPTS = {
    "right": "def predict(path):\n    return boxes(path)",
    "channels": "def predict(path):\n    return boxes(cv2.imread(path)[..., ::-1].copy())",
    "letterbox": """
def predict(path):
    picture = cv2.imread(path)
    height, width = picture.shape[:2]
    x, y = width / 320, height / 320
    return [[a * x, b * y, c * x, d * y, *rest]
            for a, b, c, d, *rest in boxes(cv2.resize(picture, (320, 320)))]
""",
    "classes": """
names = sorted(model.names.values())
def predict(path):
    return [[*row[:5], names[int(row[5])]] for row in boxes(path)]
""",
    "coordinates": """
def predict(path):
    height, width = cv2.imread(path).shape[:2]
    return [[a / width, b / height, c / width, d / height, *rest]
            for a, b, c, d, *rest in boxes(path)]
""",
    "threshold": "def predict(path):\n    return [row for row in boxes(path) if row[4] > 0.9]",
}  # fmt: skip


def compared(models: Models, pictures: list[Path] = PICTURES, **asked: Path | str) -> Study:
    return study(models, pictures, Asked(**asked), lambda: None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found(demo_models: Models) -> Study:
    return compared(demo_models)


def test_the_fast_engine_is_within_the_limits(found: Study) -> None:
    rows = {row.name: row for row in found.rows}
    assert found.pictures == 4
    assert rows["engine"].difference.objects > 30
    assert 0 < rows["engine"].difference.cost < 0.1
    for name in ("engine", "decoder", "rounding", "video"):
        assert not rows[name].difference.exceeds, name
    assert engine_verdict(found) == "On the same pixels the fast engine is within the limits."


def test_the_threshold_of_model_yaml_is_the_demos_first_cause(found: Study) -> None:
    assert found.rows[0].name == "threshold"
    assert found.rows[0].difference.vanish == found.whole.vanish == 1
    assert "Threshold: 0.5 in CVAT, 0.25 where a script says nothing" in verdict(found)
    assert found.mistake is None


def test_a_region_loses_more_than_a_frame_of_a_film(found: Study) -> None:
    rows = {row.name: row.difference for row in found.rows}
    assert rows["region"].cost > 0.05 > rows["video"].cost
    assert [row.on_the_way for row in found.rows[-2:]] == [False, False]


def test_with_the_same_threshold_both_show_the_same() -> None:
    models = Models(Settings(weights=DEMO / "exported"), threshold=0.25)
    same = compared(models)
    assert not same.whole.exceeds
    assert verdict(same).startswith("CVAT shows what the script finds")
    assert "threshold" not in {row.name for row in same.rows}


@pytest.mark.parametrize("mistake", list(SCRIPTS))
def test_a_mistake_of_the_script_is_found_ranked_first_and_named(
    demo_models: Models, tmp_path: Path, mistake: str
) -> None:
    script = tmp_path / "evaluate.py"
    script.write_text(_LOAD + SCRIPTS[mistake])
    found = compared(demo_models, PICTURES[:2], script=script)
    if mistake == "right":
        assert found.mistake is None
        row = next(row for row in found.rows if row.name == "script")
        assert row.words == "The script answers as the model here does."
        return
    assert found.mistake is not None
    assert found.mistake.name == mistake
    assert found.mistake.left < 0.3
    assert found.rows[0].name == "script"
    assert found.mistake.words in verdict(found)


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("yolov8n-obb", ""), ("yolov8n-seg", ""), ("yolov8n-pose", ""), ("yolov8n-cls", ""),
        ("yolov8n", "iou: 0.3\nimage_size: 256\nmax_detections: 9\ntile: {size: 96}\n"),
    ],
)  # fmt: skip
def test_every_task_is_compared(
    model_of: Callable[[str], Path], tmp_path: Path, architecture: str, options: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_of(architecture), folder)
    (folder / "model.yaml").write_text(options + "threshold: 0.25\n")
    models = Models(Settings(weights=folder))
    small = tmp_path / "small.jpg"
    Image.open(PICTURES[0]).reduce(9).save(small)
    made = compared(models, [small])
    names = {row.name for row in made.rows}
    assert (
        {"image-size", "nms", "tiles"} <= names if "iou" in options else names.isdisjoint({"nms"})
    )
    assert "engine" not in names  # a .pt without a cache is answered by its library
    if not options:
        assert made.whole.appear == made.whole.vanish == made.whole.changed == 0
        assert min(made.whole.overlaps, default=1) > 0.97
    assert "<img" in page(made, models.service.label_of_class, "about")


def test_pictures_that_cannot_be_read_are_listed(demo_models: Models, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    found = compared(demo_models, [tmp_path / "broken.jpg", PICTURES[0]])
    assert found.pictures == 1
    assert len(found.skipped) == 1
    assert "broken.jpg" in found.skipped[0]
    with pytest.raises(SettingsError, match=r"None of 1 pictures could be compared: .*broken\.jpg"):
        compared(demo_models, [tmp_path / "broken.jpg"])


def test_labels_give_the_mean_precision_of_both_sides(demo_models: Models, tmp_path: Path) -> None:
    for path in PICTURES[:2]:
        height, width = demo_models.service.annotate(path.read_bytes())[0].shape[:2]
        lines = [
            (box, index)
            for box, index in zip(
                demo_models.everything("script", "library", path).boxes.tolist(),
                demo_models.everything("script", "library", path).classes.tolist(),
                strict=True,
            )
        ]
        (tmp_path / f"{path.stem}.txt").write_text(
            "".join(
                f"{index} {(a + c) / 2 / width} {(b + d) / 2 / height} "
                f"{(c - a) / width} {(d - b) / height}\n"
                for (a, b, c, d), index in lines
            )
        )
    found = compared(demo_models, PICTURES[:2], labels=tmp_path)
    assert found.measures["script"]["mAP50"] > 99
    assert found.measures["script"]["mAP50-95"] == pytest.approx(
        found.measures["cvat"]["mAP50-95"], abs=2
    )
    with pytest.raises(SettingsError, match="No label file in"):
        compared(demo_models, PICTURES[2:3], labels=tmp_path)
    (tmp_path / f"{PICTURES[0].stem}.txt").write_text("77 0.5 0.5 0.1 0.1\n")
    with pytest.raises(SettingsError, match="a class is none of the model's 10"):
        compared(demo_models, PICTURES[:2], labels=tmp_path)


@contextmanager
def answering(reply: Callable[[bytes], tuple[int, bytes]]) -> Iterator[str]:
    """The address of a function that answers with what `reply` returns."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            status, body = reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_running_function_is_asked(demo_models: Models) -> None:
    service = demo_models.service
    with answering(lambda body: (200, service.answer(body).body)) as url:
        found = compared(demo_models, PICTURES[:2], url=url)
    row = next(row for row in found.rows if row.name == "function")
    assert row.words == "The function answers as the model here does."
    assert not row.difference.exceeds


def test_a_function_with_another_threshold_is_told(demo_models: Models) -> None:
    def answer(body: bytes) -> tuple[int, bytes]:
        shapes = json.loads(demo_models.service.answer(body).body)
        return 200, json.dumps([each for each in shapes if each["confidence"] > 0.9]).encode()

    with answering(answer) as url:
        found = compared(demo_models, url=url)
    assert found.mistake is not None
    assert found.mistake.name == "threshold"
    assert found.mistake.words.startswith("The function has another threshold")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b'{"error": "broken"}', "answers 500: .*broken"),
        (200, b"<html>", "something else than CVAT's shapes"),
        (200, b'[{"label": "cow", "type": "rectangle", "points": [1, 2, 3, 4]}]', "something else"),
        (200, b'{"error": 1}', "something else than CVAT's shapes"),
    ],
)
def test_a_function_that_does_not_answer_right_is_named(
    demo_models: Models, status: int, body: bytes, words: str
) -> None:
    with (
        answering(lambda _: (status, body)) as url,
        pytest.raises(SettingsError, match=words),
    ):
        compared(demo_models, PICTURES[:1], url=url)
    with pytest.raises(SettingsError, match="does not answer"):
        compared(demo_models, PICTURES[:1], url="http://127.0.0.1:9")


def test_the_page_needs_nothing_else_and_the_json_has_it_all(
    demo_models: Models, found: Study
) -> None:
    html = page(found, demo_models.service.label_of_class, "best.pt against <b>")
    assert html.count("data:image/jpeg;base64,") == 2 * len(found.worst)
    assert "best.pt against &lt;b&gt;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "<code>conf=</code>" in html
    said = json.loads(to_json(found, {"script": "best.pt"}))
    assert said["exceeded"] is True
    assert said["causes"][0]["name"] == "threshold"
    assert said["whole"]["iou_worst"] > 0.99
    assert len(said["worst"]) == 4
