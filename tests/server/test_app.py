"""The embedded server, over HTTP, as its own process."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from handler.nuclio.limits import MAX_BODY_BYTES
from handler.service import Service
from tests.conftest import DEMO, EXAMPLES, body_of

PICTURE = EXAMPLES[0].read_bytes()
JSON = {"Content-Type": "application/json"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(weights: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from handler.cli import main; main()", "serve"]
    return subprocess.Popen(
        [*command, "--weights", str(weights), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until_ready(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[0]
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not become ready within a minute")


@contextmanager
def running_server() -> Iterator[httpx.Client]:
    """A client of a server that serves the demo model."""
    port = free_port()
    process = start(DEMO, port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_ready(client, process)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running_server() as connection:
        yield connection


def test_a_picture_gets_the_answer_of_the_service(client: httpx.Client, demo: Service) -> None:
    reply = client.post("/", content=body_of(PICTURE), headers=JSON)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.content == demo.answer(body_of(PICTURE)).body


def test_the_content_type_does_not_matter(client: httpx.Client) -> None:
    for content_type in ("application/json; charset=utf-8", "application/x-www-form-urlencoded"):
        reply = client.post("/", content=body_of(PICTURE), headers={"Content-Type": content_type})
        assert reply.status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"{", body_of(PICTURE[:1000]), body_of(PICTURE, threshold=2)],
    ids=["broken JSON", "truncated picture", "threshold of 2"],
)
def test_bad_input_gives_400_and_one_line(client: httpx.Client, body: bytes) -> None:
    reply = client.post("/", content=body, headers=JSON)
    assert reply.status_code == 400
    assert len(reply.json()["error"]["message"].splitlines()) == 1
    assert client.get("/readyz").status_code == 200


def test_a_body_above_the_limit_is_refused(client: httpx.Client) -> None:
    reply = client.post("/", content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "body_too_large"


def test_health_tells_state_and_versions(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert set(ready["versions"]) == {"auto-annotate", "torch", "ultralytics"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/models"), ("PUT", "/")])
def test_what_is_not_here_is_json_too(client: httpx.Client, method: str, path: str) -> None:
    reply = client.request(method, path)
    assert reply.status_code in (404, 405)
    assert f"There is no {method} {path} here" in reply.json()["error"]["message"]


def test_requests_at_once_are_all_answered(client: httpx.Client) -> None:
    def post(_: int) -> int:
        return httpx.post(f"{client.base_url}/", content=body_of(PICTURE), timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(post, range(16))) == [200] * 16


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server(stop: signal.Signals) -> None:
    port = free_port()
    process = start(DEMO, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as connection:
        wait_until_ready(connection, process)
    process.send_signal(stop)
    output = process.communicate(timeout=20)[0]
    assert "Traceback" not in output


def test_while_it_loads_it_says_so() -> None:
    port = free_port()
    process = start(DEMO, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as connection:
        for _ in range(1200):
            try:
                ready = connection.get("/readyz")
                reply = connection.post("/", content=body_of(PICTURE))
                break
            except httpx.ConnectError:
                time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=30)
    assert ready.status_code == 503
    assert ready.json()["status"] == "starting"
    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "not_ready"
    assert reply.headers["Retry-After"] == "5"


def test_weights_that_cannot_be_served_end_it_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    process = start(tmp_path, free_port())
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    last = output.splitlines()[-1]
    assert last.startswith("error: ")
    assert "git-LFS pointer" in last
    assert "Traceback" not in output


def test_a_port_that_is_taken_is_said_to_be(client: httpx.Client) -> None:
    process = start(DEMO, client.base_url.port or 0)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "Address already in use. Choose another --port." in output
