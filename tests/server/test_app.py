"""The embedded server, over HTTP, as its own process."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from handler.nuclio.limits import MAX_BODY_BYTES
from handler.service import Service
from tests.conftest import DEMO, EXAMPLES, body_of
from tests.server.processes import EXPORTED, free_port, running_server, start, wait_until_ready

PICTURE = EXAMPLES[0].read_bytes()
JSON = {"Content-Type": "application/json"}


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


def test_a_picture_itself_and_a_form_are_taken(client: httpx.Client, demo: Service) -> None:
    expected = demo.answer(body_of(PICTURE, threshold=0.6)).body
    itself = client.post("/?threshold=0.6", content=PICTURE)
    form = client.post("/", data={"threshold": "0.6"}, files={"file": ("photo.jpg", PICTURE)})
    assert itself.content == form.content == expected


def test_a_body_above_the_limit_is_refused(client: httpx.Client) -> None:
    reply = client.post("/", content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "body_too_large"


def test_health_tells_state_and_versions(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert set(ready["versions"]) == {"auto-annotate", "torch", "ultralytics"}


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/nothing", 404, None),
        ("GET", "/readyz/", 404, None),
        ("PUT", "/", 405, {"GET", "HEAD", "POST"}),
        ("DELETE", "/models/digits", 405, {"GET", "HEAD", "POST"}),
        ("POST", "/api/functions", 405, {"GET", "HEAD"}),
    ],
)
def test_what_is_not_here_is_json_too(
    client: httpx.Client, method: str, path: str, status: int, allowed: set[str] | None
) -> None:
    reply = client.request(method, path, headers={"Host": "elsewhere.example"})
    assert reply.status_code == status
    assert "location" not in reply.headers
    assert path in reply.json()["error"]["message"]
    if allowed is not None:
        assert set(reply.headers["allow"].split(", ")) == allowed


def test_the_model_is_listed_with_its_labels(client: httpx.Client, demo: Service) -> None:
    (listed,) = client.get("/models").json()
    assert listed == client.get("/models/digits").json()
    assert listed["name"] == "digits"
    assert listed["title"] == "Handwritten digits"
    assert listed["state"] == "ready"
    assert listed["error"] is None
    assert [label["name"] for label in listed["labels"]] == list(demo.model.classes)
    assert all(label["color"].startswith("#") for label in listed["labels"])
    answer = client.post(listed["url"], content=body_of(PICTURE), headers=JSON)
    assert answer.content == demo.answer(body_of(PICTURE)).body


def test_requests_at_once_are_all_answered(client: httpx.Client) -> None:
    def post(_: int) -> int:
        return httpx.post(f"{client.base_url}/", content=body_of(PICTURE), timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(post, range(16))) == [200] * 16


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_quietly(stop: signal.Signals) -> None:
    port = free_port()
    process = start(EXPORTED, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as connection:
        wait_until_ready(connection, process)
    process.send_signal(stop)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 0
    assert output.splitlines()[-1].startswith(f"Serving digits on http://127.0.0.1:{port}")


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
    assert last.startswith("Error: ")
    assert "git-LFS pointer" in last
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--host", "203.0.113.7"), 1, "Choose another --host"),
        (("--host", "nowhere.invalid"), 1, "Choose another --host"),
        (("--port", "99999"), 2, "99999 is not in the range 1<=x<=65535"),
        (("--keep", "0"), 2, "0 is not in the range x>=1"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_to_be(
    options: tuple[str, ...], status: int, message: str
) -> None:
    process = start(DEMO, free_port(), *options)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == status
    assert message in output
    assert "Traceback" not in output


def test_a_port_that_is_taken_is_said_to_be(client: httpx.Client) -> None:
    process = start(DEMO, client.base_url.port or 0)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "Address already in use. Choose another --port." in output
