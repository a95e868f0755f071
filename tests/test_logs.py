import io
import json
import logging
from collections.abc import Iterator

import pytest

from handler.logs import Line, log, log_to
from handler.service import Service
from tests.conftest import EXAMPLES, body_of


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logger = logging.getLogger("uvicorn")
    before = logger.handlers, logger.level, logger.propagate
    yield stream
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_words_are_one_line_a_record(written: io.StringIO, demo: Service) -> None:
    log_to("text", written)
    demo.answer(body_of(EXAMPLES[0].read_bytes()))
    demo.answer(b"{")
    answered, refused = written.getvalue().splitlines()
    assert " INFO request=" in answered
    assert " status=200 image=" in answered
    assert answered.endswith("ms")
    assert " WARNING request=" in refused
    assert " status=400 The body is not JSON" in refused


def test_json_has_the_same_fields(written: io.StringIO, demo: Service) -> None:
    log_to("json", written)
    picture = EXAMPLES[0].read_bytes()
    demo.answer(body_of(picture))
    demo.answer(b"{")
    answered, refused = map(json.loads, written.getvalue().splitlines())
    assert answered["level"] == "INFO"
    assert (answered["status"], answered["bytes"]) == (200, len(picture))
    assert {"parse", "decode", "predict", "encode", "total"} <= answered["milliseconds"].keys()
    assert (refused["level"], refused["status"]) == ("WARNING", 400)
    assert refused["message"].startswith("The body is not JSON")
    assert len(refused["request"]) == 12


def test_json_holds_tracebacks_and_other_records(written: io.StringIO) -> None:
    log_to("json", written)
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        log.exception("%s failed", "it")
    (line,) = written.getvalue().splitlines()
    record = json.loads(line)
    assert record["message"] == "it failed"
    assert "ValueError: one\ntwo" in record["traceback"]
    assert str(Line(message="ready", classes=2)) == "ready classes=2"
