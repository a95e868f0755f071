"""The Nuclio function, called as Nuclio's Python wrapper calls it."""

import json
from pathlib import Path
from typing import Any

import msgpack
import nuclio_sdk
import nuclio_sdk.json_encoder
import nuclio_sdk.test
import pytest

from handler import main
from tests.conftest import DEMO, EXAMPLES, body_of

PICTURE = EXAMPLES[0].read_bytes()


@pytest.fixture(scope="module")
def platform() -> Any:
    """A platform that runs `init_context` at its first call, as a worker does at its start."""
    return nuclio_sdk.test.Platform()


def call(
    platform: Any, body: bytes, content_type: str = "application/json", **query: str
) -> dict[str, Any]:
    """Carry a body through the wrapper's event, the handler, and the wrapper's response."""
    message = {
        "body": body,
        "content_type": content_type,
        "headers": {},
        "fields": query,
        "id": "1",
        "method": "POST",
        "path": "/",
        "size": len(body),
        "timestamp": 0,
        "trigger": {"kind": "http", "name": "http"},
        "url": "/",
        "version": 0,
        "shard_id": 0,
        "num_shards": 0,
        "type": "",
        "type_version": "",
        "last_in_batch": False,
        "offset": 0,
    }
    kind = nuclio_sdk.event.EventDeserializerKinds.msgpack_raw
    unpacked = msgpack.unpackb(msgpack.packb(message), raw=True)
    event = nuclio_sdk.Event.deserialize(unpacked, kind=kind)
    response = platform.call_handler(main.handler, event)
    encode = nuclio_sdk.json_encoder.Encoder().encode
    sent = nuclio_sdk.Response.from_entrypoint_output(encode, response)
    return dict(json.loads(encode(sent)))


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(DEMO))


def test_a_picture_itself_is_taken(platform: Any) -> None:
    expected = call(platform, body_of(PICTURE, threshold=0.6))
    for content_type in ("image/jpeg", "application/x-www-form-urlencoded", ""):
        assert call(platform, PICTURE, content_type, threshold="0.6") == expected


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_a_picture_is_answered_with_a_json_list(platform: Any, content_type: str) -> None:
    sent = call(platform, body_of(PICTURE), content_type)
    assert sent["status_code"] == 200
    assert sent["content_type"] == "application/json"
    assert sent["body_encoding"] == "text"
    shapes = json.loads(sent["body"])
    assert {shape["type"] for shape in shapes} == {"rectangle"}


def test_nothing_found_is_an_empty_json_list(platform: Any) -> None:
    assert call(platform, body_of(PICTURE, threshold=1))["body"] == "[]"


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[]", b"\xff\xfe", body_of(b"no picture"), body_of(PICTURE, threshold=2)]
)
def test_bad_input_is_400_and_json(platform: Any, body: bytes) -> None:
    sent = call(platform, body)
    assert sent["status_code"] == 400
    assert set(json.loads(sent["body"])["error"]) == {"code", "message", "request_id"}
    assert call(platform, body_of(PICTURE))["status_code"] == 200


def test_a_failing_start_ends_the_worker_and_the_log_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(main, "REASON", tmp_path.with_name("not-ready"))
    with pytest.raises(SystemExit) as caught:
        nuclio_sdk.test.Platform().call_handler(main.handler, nuclio_sdk.Event(body=b"{}"))
    assert caught.value.code == 1
    line = capsys.readouterr().out.splitlines()[-1]
    assert "ERROR not ready: No weights (.pt, .pth" in line
    assert line.endswith("mount the folder with best.pt there.")
    assert main.REASON.read_text() == line[line.index("not ready") :] + "\n"


def test_the_headers_of_a_reply_are_sent(platform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("handler.models.ultralytics.model.Ultralytics.predict", no_memory)
    sent = call(platform, body_of(PICTURE))
    assert sent["status_code"] == 503
    assert sent["headers"] == {"Retry-After": "2"}
