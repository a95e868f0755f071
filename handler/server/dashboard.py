"""The part of Nuclio's dashboard API that CVAT uses: list, get, invoke.

Paths, headers, status codes and bodies are those of Nuclio 1.14 (`pkg/dashboard/resource`,
`pkg/platform/abstract/invoker.go`) as it answers CVAT 2.73 (`cvat/apps/lambda_manager/views.py`).
"""

import asyncio
import re
from importlib.metadata import version
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handler.cvat.rules.listing import NAMESPACE, PROJECT
from handler.server import frames
from handler.server.catalogue import Catalogue
from handler.server.metrics import Metrics
from handler.server.served import Served

DEFAULT_SECONDS = 60.0  # without the header; CVAT sends 120s
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(rf"(\d+(?:\.\d+)?|\.\d+)({'|'.join(_UNITS)})")
_STATES = {"starting": "building", "failed": "error"}
# A function is called whatever the method is.
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def routes(catalogue: Catalogue, metrics: Metrics) -> list[Route]:
    """Return the routes below /api."""

    async def functions(request: Request) -> Response:
        wanted = request.headers.get("x-nuclio-function-name")
        return _json(
            {
                served.name: document_of(served)
                for served in catalogue.listed
                if _is_visible(request) and wanted in (None, "", served.name)
            }
        )

    async def function(request: Request) -> Response:
        name = request.path_params["name"]
        served = catalogue.named(name)
        if served is None or not _is_visible(request):
            trace = f"There is no function {name} in {NAMESPACE}"
            error = {"error": "Function not found", "errorStackTrace": trace}
            return _response(orjson.dumps(error), 404)
        return _json(document_of(served))

    async def invocation(request: Request) -> Response:
        name = request.headers.get("x-nuclio-function-name")
        if not name:
            return _refusal("Function name must be provided", 400)
        served = catalogue.named(name)
        if served is None:
            return _failure(f"Function not found: {name} @ {NAMESPACE}", 404)
        if served.description is None:
            return _failure("Invocation URL is required")
        url = request.headers.get("x-nuclio-invoke-url")
        if url and url not in _urls(served):
            return _failure(f"Invalid function url {url}", 400)
        seconds = seconds_of(request.headers.get("x-nuclio-invoke-timeout"))
        if seconds is None:
            return _refusal("Invalid invoke timeout", 400)
        try:
            async with asyncio.timeout(seconds):
                answer = await frames.answer(request, served, metrics)
        except TimeoutError:
            waited = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            return _failure(f"Post 'http://{_urls(served)[0]}': {waited}")
        answer.headers["Vary"] = "Origin"
        return answer

    async def versions(_: Request) -> Response:
        label = f"auto-annotate {version('auto-annotate')}"
        return _json({"dashboard": {"label": label}})

    async def projects(_: Request) -> Response:
        return _json({PROJECT: {"metadata": {"name": PROJECT, "namespace": NAMESPACE}, "spec": {}}})

    return [
        Route("/api/functions", functions),
        Route("/api/functions/", functions),
        Route("/api/functions/{name:path}", function),
        Route("/api/function_invocations", invocation, methods=_METHODS),
        Route("/api/function_invocations/{path:path}", invocation, methods=_METHODS),
        Route("/api/versions", versions),
        Route("/api/projects", projects),
    ]


def document_of(served: Served) -> dict[str, Any]:
    """Return a function as the dashboard does: `metadata`, `spec`, `status`.

    One that does not work has no port and no labels, and its reason in `status.message`.
    """
    known = served.description
    if known is None:
        annotations = {"name": served.name, "type": "detector", "spec": "[]"}
        status = {"state": _STATES[served.state], "message": str(served.error or "")}
        return {
            "metadata": {"name": served.name, "namespace": NAMESPACE, "annotations": annotations},
            "spec": {"description": str(served.error or "The model is still loading")},
            "status": {key: value for key, value in status.items() if value},
        }
    return {
        "metadata": known.metadata,
        "spec": {"description": known.description},
        "status": {
            "state": "ready",
            "httpPort": served.port,
            "externalInvocationUrls": _urls(served),
        },
    }


def seconds_of(duration: str | None) -> float | None:
    """Return a Go duration such as 120s or 1m30s in seconds; None if it is not one.

    https://pkg.go.dev/time#ParseDuration
    """
    if not duration:
        return DEFAULT_SECONDS
    if _DURATION.sub("", duration):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(duration))


def _urls(served: Served) -> list[str]:
    return [f"0.0.0.0:{served.port}"]


def _is_visible(request: Request) -> bool:
    """Return whether functions of ours are in the project and namespace that are asked for."""
    project = request.headers.get("x-nuclio-project-name")
    namespace = request.headers.get("x-nuclio-function-namespace")
    return project in (None, "", PROJECT) and namespace in (None, "", NAMESPACE)


def _json(content: Any) -> Response:
    return _response(orjson.dumps(content) + b"\n", 200)


def _response(body: bytes, status: int) -> Response:
    return Response(body, status, {"Vary": "Origin"}, "application/json")


def _failure(reason: str, status: int = 500) -> Response:
    return _refusal(f"Failed to invoke function: {reason}", status)


def _refusal(reason: str, status: int) -> Response:
    """Return an error of an invocation, which the dashboard writes with a space."""
    text = orjson.dumps(reason.replace('"', "'"))
    return _response(b'{"error": %s}' % text, status)
