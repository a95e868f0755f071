"""Slow senders, too many of them, those who speak another language, and the end."""

import json
import signal
import socket
from collections.abc import Iterator

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
