"""A running Nuclio. The replies have the form that a dashboard of Nuclio 1.14.1 gave."""

import copy
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handler.nuclio.running import RULES, Running
from handler.nuclio.web import Answer
from handler.rules.function_file import FunctionFile
from tests.checks.test_endpoint import served
from tests.function_files import GOOD, changed

WANTED = FunctionFile(GOOD["docker"])
LISTED: dict[str, Any] = {
    "metadata": GOOD["docker"]["metadata"],
    "spec": GOOD["docker"]["spec"],
    "status": {"state": "ready", "httpPort": 32801},
}
SHAPE = {"label": "car", "type": "rectangle", "points": [1.0, 2.0, 30.0, 40.0]}
GOOD_RUNNING = Running(
    version="1.14.1",
    projects=frozenset({"cvat", "default"}),
    functions={"cars": LISTED},
    answers={"cars": Answer(200, orjson.dumps([SHAPE]), 0.2)},
    wanted=WANTED,
)


def found(running: Running) -> dict[str, str]:
    findings = {f.rule: f.finding for rule in RULES for f in rule.findings(running)}
    findings.pop("nuclio-summary", None)
    return findings


def listed(changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"cars": changed(copy.deepcopy(LISTED), changes)}


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("nuclio-version", {"version": "1.11.24"}, "of version 1.11.24"),
    ("nuclio-version", {"version": "1.18.0"}, "of version 1.18.0"),
    ("nuclio-version", {"version": ""}, "calls its version ''"),
    ("project", {"projects": frozenset({"default"})}, "no project 'cvat'"),
    (
        "listed-functions",
        {"functions": {"cars": LISTED, "old": {"metadata": LISTED["metadata"], "spec": {}}}},
        "old: The function has no description",
    ),
    ("function-listed", {"functions": {}, "answers": {}}, "'cars' is not there (there are: none)"),
    (
        "function-ready",
        {"functions": listed({"status state": "error", "status message": "no GPU"}), "answers": {}},
        "cars is in the state 'error': no GPU",
    ),
    ("function-port", {"functions": listed({"status httpPort": 0})}, "no port of cars"),
    ("function-image", {"functions": listed({"spec image": "auto-annotate:0"})}, "auto-annotate:0"),
    ("function-reply", {"answers": {"cars": Answer(500, b"Traceback", 1)}}, "500: Traceback"),
    ("function-reply", {"answers": {"cars": Answer(200, b'{"a": 1}', 1)}}, "not a list"),
    (
        "function-reply",
        {"answers": {"cars": Answer(200, orjson.dumps([SHAPE | {"label": "dog"}]), 1)}},
        "'dog' is not in the label spec",
    ),
]


@pytest.mark.parametrize(("name", "changes", "message"), BROKEN)
def test_what_is_wrong_is_caught_by_its_rule_alone(
    name: str, changes: dict[str, Any], message: str
) -> None:
    findings = found(replace(GOOD_RUNNING, **changes))
    assert findings.keys() == {name}
    assert message in findings[name]


def test_a_function_that_runs_well_is_clean_and_described() -> None:
    (summary,) = [f.finding for rule in RULES for f in rule.findings(GOOD_RUNNING)]
    assert summary.startswith("Nuclio 1.14.1 runs cars (auto-annotate:1)")


def test_every_rule_is_tested() -> None:
    tested = {name for name, _, _ in BROKEN} | {"dashboard", "nuclio-summary"}
    assert tested == {rule.name for rule in RULES}


SAM = changed(LISTED, {"metadata name": "sam", "metadata annotations type": "interactor"})


def _dashboard(requests: list[Request]) -> Starlette:
    def replying(reply: Any) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            requests.append(request)
            return JSONResponse(reply)

        return endpoint

    return Starlette(
        routes=[
            Route("/api/versions", replying({"dashboard": {"label": "1.14.1", "os": "linux"}})),
            Route("/api/projects", replying({"cvat": {"metadata": {"name": "cvat"}, "spec": {}}})),
            Route("/api/functions", replying({"cars": LISTED, "sam": SAM})),
            Route("/api/function_invocations", replying([SHAPE]), methods=["POST"]),
        ]
    )


def test_a_dashboard_is_asked_as_cvat_asks_it() -> None:
    requests: list[Request] = []
    with served(_dashboard(requests)) as url:
        running = Running.ask(f"{url}/", WANTED)
    assert found(running) == {}
    assert {request.headers["x-nuclio-project-name"] for request in requests} == {"cvat"}
    assert {request.headers["x-nuclio-function-namespace"] for request in requests} == {"nuclio"}
    assert requests[-1].headers["x-nuclio-function-name"] == "cars"
    assert requests[-1].headers["x-nuclio-invoke-timeout"] == "120s"
    assert requests[-1].headers["content-type"] == "application/json"


def test_without_a_file_only_detectors_are_sent_a_picture() -> None:
    requests: list[Request] = []
    with served(_dashboard(requests)) as url:
        running = Running.ask(url)
    assert running.answers.keys() == {"cars"}
    assert found(running) == {}


def test_what_is_no_dashboard_is_one_finding() -> None:
    with served(Starlette()) as url:
        findings = found(Running.ask(url, WANTED))
    assert findings == {"dashboard": f"{url} is not a Nuclio dashboard (/api/versions answers 404)"}


def test_a_dashboard_that_is_away_is_one_finding() -> None:
    findings = found(Running.ask("http://127.0.0.1:9"))
    assert findings.keys() == {"dashboard"}


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        ("Error response from daemon: No such image: auto-annotate:0.1.0", "docker load"),
        ("Readiness verification failed: function exited with status 1", "Read its log"),
    ],
)
def test_of_a_failed_deployment_the_end_is_shown(cause: str, remedy: str) -> None:
    stack = "\n".join(f"    /nuclio/pkg/processor/build/builder.go:{line}" for line in range(99))
    message = f"Error - failed to deploy\n{stack}\nCall stack:\n{cause}\n"
    functions = listed({"status state": "error", "status message": message})
    running = replace(GOOD_RUNNING, functions=functions, answers={})
    (finding,) = [
        each for rule in RULES for each in rule.findings(running) if each.rule == "function-ready"
    ]
    assert finding.finding.endswith(cause)
    assert "builder.go" not in finding.finding
    assert remedy in finding.remedy
