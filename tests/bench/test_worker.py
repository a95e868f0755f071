"""A handler in a process of its own, asked as Nuclio asks it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from handler.bench.worker import Contender, Worker
from handler.errors import ModelError, RequestError
from handler.service import Service
from tests.bench.conftest import FORWARD_STAGES
from tests.conftest import EXAMPLES, body_of

BODY = body_of(EXAMPLES[0].read_bytes())


@pytest.fixture(scope="module")
def worker(fast: Contender) -> Iterator[Worker]:
    with Worker(fast) as started:
        yield started


def test_an_answer_is_the_service_s_with_its_stages(worker: Worker, service: Service) -> None:
    answer = worker.answer(BODY)
    assert answer.shapes == json.loads(service.answer(BODY).body)
    assert set(answer.stages) == {"parse", "decode", "wait", "predict", "shapes", "encode"}
    assert set(answer.parts) == FORWARD_STAGES
    assert sum(answer.parts.values()) < answer.stages["predict"] < answer.seconds


def test_the_memory_of_a_process(worker: Worker) -> None:
    worker.answer(BODY)
    memory = worker.memory()
    assert 10e6 < memory.share <= memory.resident <= memory.peak < 2e9


def test_an_error_reply_is_an_error_and_the_worker_goes_on(worker: Worker) -> None:
    with pytest.raises(RequestError, match=r"answered 400: .*not a picture"):
        worker.answer(body_of(b"no picture"))
    assert worker.answer(BODY).body


def test_a_worker_that_does_not_start_says_why(tmp_path: Path) -> None:
    contender = Contender(environment={"ANNOTATE_WEIGHTS": str(tmp_path)})
    with Worker(contender) as worker, pytest.raises(ModelError, match="ended: No weights"):
        worker.answer(BODY)


def test_a_handler_that_is_not_there() -> None:
    with (
        Worker(Contender("no_such_module:handler")) as worker,
        pytest.raises(ModelError, match="No module named 'no_such_module'"),
    ):
        worker.answer(BODY)


def test_the_prefix_starts_the_process() -> None:
    refusing = Contender(prefix=("/bin/sh", "-c", "echo refused >&2"))
    with Worker(refusing) as worker, pytest.raises(ModelError, match="ended: refused"):
        worker.answer(BODY)


def test_workers_share_the_processors_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Contender().among(10**6).environment == {"ANNOTATE_THREADS": "1"}
    monkeypatch.setenv("ANNOTATE_THREADS", "3")
    assert Contender().among(2).environment == {"ANNOTATE_THREADS": "3"}
    own = Contender(environment={"ANNOTATE_THREADS": "5"})
    assert own.among(2).environment == {"ANNOTATE_THREADS": "5"}
