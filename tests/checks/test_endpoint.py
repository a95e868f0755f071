import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
import uvicorn
from starlette.applications import Starlette

from handler.checks.endpoint import RULES, Endpoint
from handler.nuclio.web import Answer, UnreachableError, send
from handler.rules.function_file import FunctionFile
from handler.server.app import create_app
from handler.server.catalogue import Catalogue
from handler.settings import Settings
from tests.function_files import GOOD


@contextmanager
def served(app: Starlette, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """Serve an application on a free port, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan=lifespan))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def catalogue(model_of: Callable[[str], Path]) -> Catalogue:
    return Catalogue(Settings(), [model_of("yolov8n")], [0])


@pytest.fixture(scope="module")
def address(catalogue: Catalogue) -> Iterator[str]:
    loaded = threading.Event()
    with served(create_app(catalogue, loaded.set), "on") as url:
        assert loaded.wait(60)
        yield url


def found(endpoint: Endpoint) -> dict[str, str]:
    return {f.rule: f.finding for rule in RULES for f in rule.findings(endpoint)}


def test_a_function_that_is_still_loading_is_pointed_out(catalogue: Catalogue) -> None:
    with served(create_app(catalogue)) as address:
        findings = found(Endpoint.ask(address))
    assert findings["endpoint-reply"].startswith("it answers with status 503: ")
    assert "still loading" in findings["endpoint-reply"]


def test_a_function_that_answers_is_clean(address: str) -> None:
    findings = found(Endpoint.ask(address))
    assert findings.keys() == {"endpoint-summary"}
    assert "status 200" in findings["endpoint-summary"]


def test_labels_that_the_file_does_not_have_are_pointed_out(address: str) -> None:
    findings = found(Endpoint.ask(address, FunctionFile(GOOD["docker"])))
    assert "is not in the label spec" in findings["endpoint-reply"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9", "refused"),
        ("ftp://127.0.0.1", "begin with http://"),
        ("127.0.0.1:8080", "begin with http://"),
        ("http://127.0.0.1:port", "does not answer"),
        ("http://no host", "does not answer"),
    ],
)
def test_an_address_where_nobody_answers_is_one_finding(url: str, message: str) -> None:
    findings = found(Endpoint.ask(url))
    assert findings.keys() == {"endpoint-reply"}
    assert message in findings["endpoint-reply"]


def test_a_slow_answer_is_pointed_out() -> None:
    assert found(Endpoint(Answer(200, b"[]", 31.0))).keys() == {"endpoint-time", "endpoint-summary"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}"])
def test_a_reply_that_is_no_list_is_pointed_out(body: bytes) -> None:
    findings = found(Endpoint(Answer(200, body, 0.1)))
    assert findings.keys() == {"endpoint-reply", "endpoint-summary"}


def test_a_server_that_is_too_slow_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreachableError, match="timed out"):
            send("GET", url, timeout=0.2)
