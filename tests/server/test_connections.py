"""Slow senders, too many of them, those who speak another language, and the end."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import EXAMPLES, body_of
from tests.server.processes import EXPORTED, free_port, running_server, start, wait_until_ready

HALF = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running_server(
        EXPORTED, ANNOTATE_READ_TIMEOUT="1", ANNOTATE_CONNECTIONS="4"
    ) as connection:
        yield connection


def connect(port: int | None, beginning: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port or 0), timeout=30)
    connection.sendall(beginning)
    return connection


def all_of(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """Return the status and the error of the last reply, once the other side has closed."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    head, _, body = received.rpartition(b"\r\n\r\n")
    assert b"application/json" in head
    return int(head.rpartition(b"HTTP/1.1 ")[2][:3]), json.loads(body)["error"]


@pytest.mark.parametrize(
    "beginning",
    [b"", b"POST / HTTP/1.1\r\nHo", HALF, WHOLE + b"GET /healthz HTT"],
    ids=["nothing", "half a head", "half a body", "half of a second request"],
)
def test_a_request_that_does_not_arrive_in_time_is_ended(
    client: httpx.Client, beginning: bytes
) -> None:
    with connect(client.base_url.port, beginning) as connection:
        status, error = all_of(connection)
    assert status == 408
    assert error["code"] == "too_slow"
    assert client.get("/healthz").status_code == 200


def test_what_is_no_http_gets_json(client: httpx.Client) -> None:
    with connect(client.base_url.port, b"\x16\x03\x01\r\n\r\n") as connection:
        status, error = all_of(connection)
    assert (status, error["code"]) == (400, "not_http")


def test_above_the_limit_a_connection_is_refused(client: httpx.Client) -> None:
    open_ones = [connect(client.base_url.port, HALF) for _ in range(4)]
    with connect(client.base_url.port, WHOLE) as connection:
        status, error = all_of(connection)
    assert (status, error["code"]) == (503, "busy")
    for each in open_ones:
        all_of(each)
        each.close()
    assert client.get("/healthz").status_code == 200


def test_a_stop_answers_what_has_arrived_and_waits_for_nothing_else() -> None:
    port = free_port()
    process = start(EXPORTED, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        wait_until_ready(client, process)
    body = body_of(EXAMPLES[0].read_bytes())
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(body)
    half, whole = connect(port, HALF), connect(port, head + body)
    assert "status=200" in next(line for line in process.stdout or () if "request=" in line)
    busy = connect(port, head + body)
    silent = connect(port, b"")
    process.send_signal(signal.SIGTERM)
    assert all_of(half)[1]["code"] == "not_ready"
    assert whole.recv(15) == busy.recv(15) == b"HTTP/1.1 200 OK"
    process.communicate(timeout=9)
    assert process.returncode == 0
    for each in (half, whole, busy, silent):
        each.close()


SLOW = """
import time
import numpy as np
from handler.detection.detections import Detections

class Slow:
    task = "detect"
    classes = ("car",)

    @classmethod
    def load(cls, folder, device):
        return cls()

    def predict(self, picture, threshold):
        if picture.shape[:2] != (480, 640):  # which is what it is tried with
            time.sleep(60)
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, int))
"""


def wait_until_taken(client: httpx.Client) -> None:
    for _ in range(300):
        if client.get("/models").json()[0]["queue"]["taken"]:
            return
        time.sleep(0.1)
    raise AssertionError("the request is not in work within half a minute")


def test_a_frame_that_takes_longer_than_the_grace_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "model.yaml").write_text("plugin: slow:Slow\n")
    port = free_port()
    process = start(tmp_path, port, "--grace", "1")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        wait_until_ready(client, process)
        body = body_of(EXAMPLES[0].read_bytes())
        with connect(
            port, b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(body)
        ) as asking:
            asking.sendall(body)
            wait_until_taken(client)
            process.send_signal(signal.SIGTERM)
            status, error = all_of(asking)
            output = process.communicate(timeout=9)[0]
    assert (status, error["code"]) == (503, "not_ready")
    assert process.returncode == 0
    assert "Traceback" not in output
