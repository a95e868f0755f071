import json
import logging
import threading
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from handler.detection.detections import Detections
from handler.errors import WeightsError
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.pictures.budget import Budget
from handler.pictures.decoding import Picture
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES, body_of, iou_matrix

PICTURE = EXAMPLES[0].read_bytes()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_demo_finds_the_true_objects(demo: Service, example: Path) -> None:
    truth = json.loads(example.with_suffix(".json").read_text())
    shapes = json.loads(demo.answer(body_of(example.read_bytes())).body)
    overlaps = iou_matrix(
        np.array([shape["points"] for shape in truth]),
        np.array([shape["points"] for shape in shapes]),
    )
    found = [
        shapes[best]["label"] == shape["label"] and row[best] >= 0.5
        for shape, row, best in zip(truth, overlaps, overlaps.argmax(axis=1), strict=True)
    ]
    assert np.mean(found) >= 0.9


def test_an_answer_is_a_json_list_of_cvat_shapes(demo: Service) -> None:
    reply = demo.answer(body_of(PICTURE))
    assert reply.status == 200
    shapes = json.loads(reply.body)
    assert shapes
    for shape in shapes:
        assert shape["label"] in demo.model.classes
        assert shape["type"] == "rectangle"
        assert len(shape["points"]) == 4
        assert all(type(number) is float for number in shape["points"])


def test_the_threshold_of_a_request_is_honoured(demo: Service) -> None:
    scores = [s["confidence"] for s in json.loads(demo.answer(body_of(PICTURE)).body)]
    threshold = (max(scores) + min(scores)) / 2
    chosen = json.loads(demo.answer(body_of(PICTURE, threshold=threshold)).body)
    assert [s["confidence"] for s in chosen] == [s for s in scores if s >= threshold]
    assert 0 < len(chosen) < len(scores)
    assert json.loads(demo.answer(body_of(PICTURE, threshold=1)).body) == []


def test_without_one_the_model_s_own_threshold_holds() -> None:
    service = Service.load(Settings(weights=DEMO, threshold=0.99))
    default = json.loads(service.answer(body_of(PICTURE)).body)
    named = json.loads(service.answer(body_of(PICTURE, threshold=0.3)).body)
    assert len(default) < len(named)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "not_json"),
        (b"{}", "bad_request"),
        (b'{"image": ""}', "empty_image"),
        (b'{"image": "%%%"}', "not_base64"),
        (body_of(b"no picture"), "not_an_image"),
        (body_of(PICTURE[: len(PICTURE) // 2]), "corrupt_image"),
        (body_of(PICTURE, threshold=2), "bad_threshold"),
    ],
)
def test_bad_input_gives_400_and_the_service_goes_on(
    demo: Service, caplog: pytest.LogCaptureFixture, body: bytes, code: str
) -> None:
    with caplog.at_level(logging.INFO, "auto_annotate"):
        reply = demo.answer(body)
    error = json.loads(reply.body)["error"]
    assert reply.status == 400
    assert error["code"] == code
    assert error["message"]
    assert "\n" not in error["message"]
    assert error["request_id"] in caplog.text
    assert demo.answer(body_of(PICTURE)).status == 200


def test_each_answer_is_one_line_in_the_log_without_the_image(
    demo: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "auto_annotate"):
        demo.answer(body_of(PICTURE))
    (record,) = caplog.records
    line = record.getMessage()
    assert f"bytes={len(PICTURE)}" in line
    for stage in ("parse", "decode", "wait", "predict", "encode", "total"):
        assert f" {stage}=" in line
    assert len(line) < 300


class _Model:
    """Two objects, or an exception, and a note of how many threads were inside at once."""

    task = "detect"
    classes = ("car",)
    keypoints = ()
    without: frozenset[str] = frozenset()
    description = "for tests"
    versions: ClassVar[dict[str, str]] = {}

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.inside = 0
        self.most_inside = 0

    def predict(self, picture: Picture, threshold: float) -> Detections:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        threading.Event().wait(0.01)
        self.inside -= 1
        if self.error:
            raise self.error
        return Detections(
            boxes=np.array([[0, 0, *picture.shape[1::-1]]], np.float32),
            scores=np.array([threshold], np.float32),
            classes=np.zeros(1, np.int64),
        )


def service_with(model: _Model) -> Service:
    folder = ModelFolder(DEMO, DEMO / "best.pt", None, {})
    return Service(model, folder, Options(), Settings())  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [RuntimeError("secret"), ValueError("NaN")])
def test_a_failing_model_gives_500_never_an_empty_list(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    reply = service_with(_Model(error)).answer(body_of(PICTURE))
    fields = json.loads(reply.body)["error"]
    assert reply.status == 500
    assert fields["code"] == "model_failed"
    assert "secret" not in fields["message"]
    assert fields["request_id"] in caplog.text
    assert "Traceback" in caplog.text


def test_a_model_without_memory_gives_503_and_when_to_ask_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = service_with(_Model(MemoryError()))
    reply = service.answer(body_of(PICTURE))
    assert reply.status == 503
    assert json.loads(reply.body)["error"]["code"] == "busy"
    assert reply.headers == {"Retry-After": "2"}
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(LookupError("secret"), 500, "internal"), (MemoryError(), 503, "busy")],
)
def test_what_nobody_foresaw_is_json_with_a_request_id(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    service = service_with(_Model())
    monkeypatch.setattr("handler.service.to_json", fail)
    reply = service.answer(body_of(PICTURE))
    fields = json.loads(reply.body)["error"]
    assert (reply.status, fields["code"]) == (status, code)
    assert "secret" not in fields["message"]
    assert fields["request_id"] in caplog.text
    assert "Traceback" in caplog.text


def test_a_picture_that_nobody_waits_for_does_not_reach_the_model() -> None:
    model = _Model()
    reply = service_with(model).answer(body_of(PICTURE), gone=lambda: True)
    assert reply.status == 499
    assert model.most_inside == 0


@pytest.mark.parametrize("error", [RuntimeError("of a library"), MemoryError()])
def test_any_exception_of_loading_is_a_failed_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(families, "load", fail)
    with pytest.raises(WeightsError, match=f"cannot be loaded: {type(error).__name__}"):
        Service.load(Settings(weights=DEMO))
    assert "Traceback" in caplog.text


def test_a_picture_without_room_is_answered_503_and_the_others_are_not_hurt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Budget(together=20_000_000, alone=20_000_000, patience=0.02)
    monkeypatch.setattr("handler.pictures.budget.of_process", lambda _: memory)
    service = service_with(_Model())
    with memory.share() as share:
        share.take(19_999_999)
        reply = service.answer(body_of(PICTURE))
    assert reply.status == 503
    assert json.loads(reply.body)["error"]["code"] == "busy"
    assert reply.headers == {"Retry-After": "2"}
    assert service.answer(body_of(PICTURE)).status == 200
    memory.take(20_000_000)  # every answer has given its share back


def test_frames_go_through_the_model_one_at_a_time() -> None:
    model = _Model()
    service = service_with(model)
    threads = [threading.Thread(target=service.answer, args=(body_of(PICTURE),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert model.most_inside == 1


def test_a_model_that_cannot_predict_does_not_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = _Model(AttributeError("no attribute 'qkv'"))
    monkeypatch.setattr(families, "load", lambda *_: model)
    with pytest.raises(WeightsError, match="first prediction: AttributeError: no attribute 'qkv'"):
        Service.load(Settings(weights=DEMO))
    assert "Traceback" in caplog.text


def test_a_service_without_weights_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="The folder is empty"):
        Service.load(Settings(weights=tmp_path))
