"""Tasks through cvat-sdk's client, on a stand-in for the server."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from handler.cvat.task import connection
from handler.cvat.task.annotate import Choices, Outcome, Told, annotate_task
from handler.cvat.task.connection import Server, ServerError
from handler.errors import SettingsError
from handler.service import Service
from handler.settings import Settings
from tests import cvat_server
from tests.conftest import EXAMPLES
from tests.cvat_server import TOKEN, Task, label, running

PICTURES = [(path.name, path.read_bytes()) for path in EXAMPLES[:4]]


@pytest.fixture
def double(demo: Service) -> Iterator[cvat_server.Server]:
    """A server with a task of seven pictures, in chunks of three."""
    labels = [label(name, 10 + i, "rectangle") for i, name in enumerate(demo.model.classes)]
    with running({1: Task(labels, (PICTURES * 2)[:7])}) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WAITS", (0, 0, 0))


class Heard:
    """What was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.total = 0
        self.done = 0
        self.told = Told(self.lines.append, self._total, self._advance)

    def _total(self, frames: int) -> None:
        self.total = frames

    def _advance(self, frames: int) -> None:
        self.done += frames


def annotate(
    double: cvat_server.Server, service: Service, heard: Heard | None = None, **choices: Any
) -> Outcome:
    heard = heard or Heard()
    server = Server(double.url, TOKEN, say=heard.lines.append)
    chosen = Choices(**{"batch": 2, **choices})
    return annotate_task(server, 1, service, service.model.task, chosen, heard.told)


def expected(service: Service, frames: list[tuple[str, bytes]]) -> list[tuple[int, list[float]]]:
    return [
        (frame, shape["points"])
        for frame, (_, encoded) in enumerate(frames)
        for shape in service.annotate(encoded)[1]
    ]


def points_of(task: Task) -> list[tuple[int, list[float]]]:
    return [(each["frame"], each["points"]) for each in task.shapes]


def uploads(double: cvat_server.Server) -> list[str]:
    return [each for each in double.asked if each.startswith("PATCH")]


def test_every_frame_gets_what_the_service_finds(double: cvat_server.Server, demo: Service) -> None:
    heard = Heard()
    task = double.tasks[1]
    task.deleted = [4]
    outcome = annotate(double, demo, heard)
    found = expected(demo, task.frames)
    assert points_of(task) == [each for each in found if each[0] != 4]
    assert (outcome.frames, outcome.annotations) == (6, len(task.shapes))
    assert (heard.total, heard.done) == (6, 6)
    assert not outcome.failures
    assert not heard.lines
    assert {each["source"] for each in task.shapes} == {"auto"}
    assert all(0 < each["score"] <= 1 for each in task.shapes)
    assert len(uploads(double)) == 3
    assert [each for each in double.asked if "type=chunk" in each] == [
        f"GET /api/tasks/1/data/?number={number}&quality=original&type=chunk" for number in range(3)
    ]


def test_frames_of_a_film_come_one_by_one(double: cvat_server.Server, demo: Service) -> None:
    task = double.tasks[1]
    task.chunk_type = "video"
    assert not annotate(double, demo).failures
    assert points_of(task) == expected(demo, task.frames)


def test_a_bad_picture_is_named_and_the_rest_annotated(
    double: cvat_server.Server, demo: Service
) -> None:
    task = double.tasks[1]
    task.frames[2] = ("broken.jpg", PICTURES[2][1][:2000])
    task.frames[3] = ("empty.jpg", b"")
    outcome = annotate(double, demo)
    broken, empty = outcome.failures
    assert broken.startswith("broken.jpg is truncated or corrupt (")
    assert empty == "empty.jpg is empty."
    assert {each["frame"] for each in task.shapes} == {0, 1, 4, 5, 6}


def test_a_model_that_fails_on_a_picture_is_no_end(
    double: cvat_server.Server, demo: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = demo.model.predict
    calls = iter(range(100))
    monkeypatch.setattr(
        demo.model, "predict", lambda *a: 1 / 0 if next(calls) == 1 else predict(*a)
    )
    outcome = annotate(double, demo)
    assert len(outcome.failures) == 1
    assert PICTURES[1][0] in outcome.failures[0]
    assert "ZeroDivisionError" in outcome.failures[0]


def test_existing_annotations_are_kept_cleared_or_left_alone(
    double: cvat_server.Server, demo: Service
) -> None:
    task = double.tasks[1]
    every = len(expected(demo, task.frames))
    annotate(double, demo)
    annotate(double, demo)
    assert len(task.shapes) == 2 * every
    annotate(double, demo, clear=True)
    assert len(task.shapes) == every
    task.shapes = [each for each in task.shapes if each["frame"] not in (1, 5)]
    outcome = annotate(double, demo, only_empty=True)
    assert outcome.frames == 2
    assert sorted(points_of(task)) == sorted(expected(demo, task.frames))


def fails(times: int, how: int | str, method: str, part: str) -> Callable[[str, str], Any]:
    """Let some requests fail, the first `times` with that method and part of a path."""
    left = [how] * times

    def broken(asked: str, path: str) -> int | str | None:
        return left.pop() if left and asked == method and part in path else None

    return broken


@pytest.mark.parametrize("how", [500, 503, 429, "drop"])
@pytest.mark.parametrize(
    ("method", "part"), [("GET", "chunk"), ("PATCH", "annotations"), ("GET", "labels")]
)
def test_what_fails_for_a_moment_is_asked_again(
    double: cvat_server.Server, demo: Service, how: int | str, method: str, part: str
) -> None:
    double.broken = fails(1, how, method, part)
    heard = Heard()
    assert not annotate(double, demo, heard).failures
    assert points_of(double.tasks[1]) == expected(demo, double.tasks[1].frames)
    assert method == "GET" or "asking again" in heard.lines[0]


@pytest.mark.parametrize("existing", [False, True])
def test_what_arrived_without_an_answer_is_not_sent_twice(
    double: cvat_server.Server, demo: Service, existing: bool
) -> None:
    task = double.tasks[1]
    if existing:
        annotate(double, demo)
    before = len(task.shapes)
    double.broken = fails(1, "lose", "PATCH", "annotations")
    heard = Heard()
    annotate(double, demo, heard)
    assert points_of(task)[before:] == expected(demo, task.frames)
    assert "no connection" in heard.lines[0]


def test_a_server_that_stays_away_is_one_line(
    double: cvat_server.Server, demo: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WAITS", ())  # the sdk waits by itself
    double.broken = lambda method, _: 500 if method == "PATCH" else None
    with pytest.raises(ServerError, match=r"the server answers 500\. Is the address right"):
        annotate(double, demo)
    with pytest.raises(ServerError, match=r"does not answer for .*no connection"):
        Server("http://127.0.0.1:9", TOKEN, say=lambda _: None)
    with pytest.raises(ServerError, match="Invalid url schema"):
        Server("ftp://example", TOKEN, say=lambda _: None)


def test_what_is_sent_before_the_server_goes_away_stays(
    double: cvat_server.Server, demo: Service
) -> None:
    sent = iter(range(100))
    double.broken = lambda method, _: 500 if method == "PATCH" and next(sent) > 0 else None
    with pytest.raises(ServerError):
        annotate(double, demo)
    assert {each["frame"] for each in double.tasks[1].shapes} == {0, 1}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not know the token"),
        (403, "does not let this token"),
        (404, "does not have it: task 1"),
        (400, "answers 400 for task 1: .*trouble"),
    ],
)
def test_a_refusal_says_what_to_do(
    double: cvat_server.Server, demo: Service, status: int, words: str
) -> None:
    double.broken = lambda _, path: status if path.endswith("tasks/1") else None
    with pytest.raises(ServerError, match=words):
        annotate(double, demo)


def test_a_server_that_is_something_else_is_named(
    double: cvat_server.Server, demo: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(double, "get", lambda *_: ["a", "list"])
    with pytest.raises(ServerError, match="does not answer as CVAT does for the server's version"):
        annotate(double, demo)


def test_a_chunk_that_is_no_zip_is_named(
    double: cvat_server.Server, demo: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Task, "chunk", lambda *_: b"<html>login</html>")
    with pytest.raises(ServerError, match="a chunk that is no zip file"):
        annotate(double, demo)


def test_a_task_without_the_models_labels_is_refused(
    double: cvat_server.Server, demo: Service
) -> None:
    double.tasks[1].labels = [label("car", 1), label("bus", 2, "polygon")]
    with pytest.raises(SettingsError) as caught:
        annotate(double, demo)
    assert "The model has zero (rectangle), one (rectangle)" in str(caught.value)
    assert "the task has car (any), bus (polygon)" in str(caught.value)
    assert not [each for each in double.asked if "chunk" in each]


def test_a_task_with_some_of_the_labels_gets_those(
    double: cvat_server.Server, demo: Service
) -> None:
    double.tasks[1].labels = [label("three", 1, "polygon"), label("bus", 2)]
    heard = Heard()
    annotate(double, demo, heard)
    assert {each["type"] for each in double.tasks[1].shapes} == {"polygon"}
    assert heard.lines[0] == "three: polygon as the task has it, not rectangle"
    assert heard.lines[1].startswith("not in the task, their objects are left out: zero (rect")


def test_a_task_without_pictures_is_refused(double: cvat_server.Server, demo: Service) -> None:
    double.tasks[1].frames = []
    with pytest.raises(SettingsError, match="Task 1 has no pictures"):
        annotate(double, demo)


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("yolov8n-seg", "mask"), ("yolov8n-seg", "polygon"), ("yolov8n-obb", "rectangle"),
        ("yolov8n-pose", "skeleton"), ("yolov8n-pose", "any"), ("yolov8n-cls", "tag"),
    ],
)  # fmt: skip
def test_every_task_of_a_model_gives_its_shapes(
    double: cvat_server.Server, model_of: Callable[[str], Path], architecture: str, kind: str
) -> None:
    settings = Settings(weights=model_of(architecture), image_size=320, max_detections=20)
    service = Service.load(settings)
    labels = [
        label(each.name, number, kind, each.keypoints if kind == "skeleton" else ())
        for number, each in enumerate(service.labels)
    ]
    double.tasks[1] = Task(labels, [(name, _smaller(each)) for name, each in PICTURES[:2]])
    threshold = 0.0 if architecture.endswith("cls") else 0.3
    assert annotate(double, service, threshold=threshold).annotations >= 2
    found = double.tasks[1].shapes
    if kind == "polygon":
        groups = [each["group"] for each in found if each.get("group")]
        assert groups
        assert all(groups.count(group) > 1 for group in groups)
    if kind == "any":
        assert {each["type"] for each in found} == {"points"}
    assert bool(found) != (kind == "tag")


def _smaller(encoded: bytes) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(encoded)).reduce(2).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
