"""CVAT's client against `serve`, which answers as a Nuclio dashboard with several functions."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from handler.checks.check import Subjects, check
from handler.service import Service
from handler.settings import Settings
from tests.conftest import EXAMPLES
from tests.cvat_client import Cvat, payload
from tests.cvat_double import annotations_of
from tests.server.processes import EXPORTED, running_server

PICTURE = EXAMPLES[0].read_bytes()
NAMES = ("first", "second", "third")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models, one of a name that is taken, one that is broken."""
    root = tmp_path_factory.mktemp("models")
    for folder, name in zip("abcd", [*NAMES, "first"], strict=True):
        shutil.copytree(EXPORTED, root / folder)
        config = root / folder / "model.yaml"
        config.write_text(config.read_text().replace("name: digits", f"name: {name}"))
    (root / "broken").mkdir()
    (root / "broken" / "best.pt").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    return root


@pytest.fixture(scope="module")
def client(folders: Path) -> Iterator[httpx.Client]:
    with running_server(folders, "--keep", "2", models=5) as connection:
        yield connection


@pytest.fixture(scope="module")
def cvat(client: httpx.Client) -> Cvat:
    return Cvat(str(client.base_url))


@pytest.fixture(scope="module")
def service() -> Service:
    return Service.load(Settings(weights=EXPORTED))


def test_cvat_lists_the_models_that_work(cvat: Cvat) -> None:
    functions = cvat.functions()
    assert tuple(functions) == NAMES
    assert {function.name for function in functions.values()} == {"Handwritten digits"}
    assert functions == {name: cvat.get(name) for name in NAMES}


def test_a_broken_folder_is_named_and_hides_nobody(client: httpx.Client, cvat: Cvat) -> None:
    left_out = client.get("/readyz").json()["left_out"]
    assert set(left_out) == {"broken", "d"}
    assert "git-LFS pointer" in left_out["broken"]
    assert "is called 'first' as well" in left_out["d"]
    function = cvat.get("broken")
    assert (function.state, function.port) == ("error", None)
    assert "git-LFS pointer" in function.description


@pytest.mark.parametrize("example", EXAMPLES[:2], ids=lambda path: path.stem)
def test_a_call_is_answered_as_by_the_function(cvat: Cvat, service: Service, example: Path) -> None:
    function = cvat.functions()["second"]
    picture = example.read_bytes()
    through, direct = cvat.call("second", picture, 0.4), cvat.call_directly(function, picture, 0.4)
    expected = service.answer(json.dumps(payload(picture, 0.4)).encode())
    assert through.content == direct.content == expected.body
    assert annotations_of(through.json(), function)
    for reply, vary in ((through, "Origin"), (direct, None)):
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["server"] == "nuclio"
        assert reply.headers.get("vary") == vary


def test_the_list_is_as_the_dashboard_writes_it(cvat: Cvat) -> None:
    for path in ("/api/functions", "/api/functions/"):
        reply = cvat.request("GET", path)
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["vary"] == "Origin"
        assert "server" not in reply.headers
        assert reply.text.endswith("}\n")
    one = cvat.request("GET", "/api/functions", {"x-nuclio-function-name": "third"})
    assert list(one.json()) == ["third"]


@pytest.mark.parametrize(
    "elsewhere", [{"x-nuclio-project-name": "default"}, {"x-nuclio-function-namespace": "other"}]
)
def test_elsewhere_there_is_nothing(cvat: Cvat, elsewhere: dict[str, str]) -> None:
    assert cvat.request("GET", "/api/functions", elsewhere).json() == {}
    reply = cvat.request("GET", "/api/functions/first", elsewhere)
    assert reply.status_code == 404
    assert reply.json()["error"] == "Function not found"
    assert cvat.call("first", PICTURE, headers=elsewhere).status_code == 200


@pytest.mark.parametrize("name", ["unknown", "first%2Fsecond", "FIRST", "%00", "first/"])
def test_a_name_that_nobody_has_is_not_found(cvat: Cvat, name: str) -> None:
    reply = cvat.request("GET", f"/api/functions/{name}")
    assert reply.status_code == 404
    assert reply.json()["error"] == "Function not found"


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({}, 400, "Function name must be provided"),
        (
            {"x-nuclio-function-name": "unknown"},
            404,
            "Failed to invoke function: Function not found: unknown @ nuclio",
        ),
        (
            {"x-nuclio-function-name": "broken"},
            500,
            "Failed to invoke function: Invocation URL is required",
        ),
        (
            {"x-nuclio-function-name": "first", "x-nuclio-invoke-url": 'http://"x"'},
            400,
            "Failed to invoke function: Invalid function url http://'x'",
        ),
        (
            {"x-nuclio-function-name": "first", "x-nuclio-invoke-timeout": "60"},
            400,
            "Invalid invoke timeout",
        ),
    ],
)
def test_a_call_that_cannot_be_made(
    cvat: Cvat, headers: dict[str, str], status: int, error: str
) -> None:
    reply = cvat.request("POST", "/api/function_invocations", headers, payload(PICTURE))
    assert reply.status_code == status
    assert reply.text == json.dumps({"error": error})


def test_a_call_that_takes_too_long_is_a_500(cvat: Cvat) -> None:
    reply = cvat.call("first", PICTURE, headers={"x-nuclio-invoke-timeout": "1ms"})
    assert reply.status_code == 500
    assert reply.json()["error"].endswith(
        "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    )
    assert cvat.call("first", PICTURE).status_code == 200


def test_a_call_reaches_the_function_by_any_method_and_path(cvat: Cvat) -> None:
    headers = {"x-nuclio-function-name": "first"}
    path = "/api/function_invocations/some/where"
    assert cvat.request("PUT", path, headers, payload(PICTURE)).status_code == 200
    reply = cvat.request("GET", path, headers)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "not_json"


def test_two_models_at_most_are_in_memory(client: httpx.Client, cvat: Cvat) -> None:
    for name in (*NAMES, "second"):
        assert cvat.call(name, PICTURE).status_code == 200
    reply = client.get("/readyz").json()["models"]
    assert reply == {"first": "idle", "second": "ready", "third": "ready"}


def test_more_models_than_room_asked_at_once_are_all_answered(cvat: Cvat, service: Service) -> None:
    def call(number: int) -> bytes:
        return cvat.call(NAMES[number % 3], PICTURE).content

    expected = service.answer(json.dumps(payload(PICTURE)).encode()).body
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(call, range(12))) == {expected}


def test_without_a_name_the_models_are_named(client: httpx.Client) -> None:
    reply = client.post("/", json=payload(PICTURE))
    assert reply.status_code == 404
    assert "POST to /models/NAME. Served are: first, second, third." in reply.text


def test_check_finds_nothing_wrong_with_it(client: httpx.Client) -> None:
    url = str(client.base_url)
    findings = [each for each in check(Subjects(nuclio=url)) if each.subject == "running Nuclio"]
    assert not [each for each in findings if each.severity == "error"], findings
