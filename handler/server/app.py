"""The embedded HTTP server's routes.

POST / answers exactly as the Nuclio function does; of several models each has a port of its own
for that, and the address /models/NAME. GET /models lists them, GET /healthz says that the process
lives, GET /readyz whether it can answer, /api is what CVAT asks a Nuclio dashboard.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from handler.cvat.spec import raw_labels
from handler.errors import AnnotateError, InternalError, NotReadyError, RequestError
from handler.logs import log
from handler.pictures.trial import trial_picture
from handler.replies import error_reply
from handler.server import dashboard, frames, openapi, page
from handler.server.catalogue import Catalogue
from handler.server.listing import listing_of
from handler.server.metrics import Metrics
from handler.server.served import Served
from handler.settings import shown

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class NotFoundError(RequestError):
    """There is nothing at an address."""

    code = "not_found"
    status = 404


class _Ending:
    """Answers a request that the server's end cuts off, in the place of a closed connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            ending = NotReadyError("The server is being stopped", "Send the request again later.")
            await frames.refusal(ending)(scope, receive, send)


def create_app(catalogue: Catalogue, on_start: Callable[[], None] = lambda: None) -> Starlette:
    """Return the ASGI application; with it the models begin to load.

    on_start: called when it is known of each model whether it works.
    """

    metrics = Metrics(catalogue)

    async def home(request: Request) -> Response:
        if request.method != "POST":
            return page.response()
        return await _answer(request, catalogue.at(request.scope["server"][1]))

    async def _answer(request: Request, served: Served | None) -> Response:
        if served is None:
            raise _no_default(catalogue)
        if served.description is None:
            raise served.error or NotReadyError(
                "The model is still loading", "Try again in a few seconds."
            )
        return await frames.answer(request, served, metrics)

    async def models(_: Request) -> Response:
        return JSONResponse([listing_of(served) for served in catalogue.models])

    def _named(request: Request) -> Served:
        name = request.path_params["name"]
        served = catalogue.named(name)
        if served is None:
            raise NotFoundError(f"There is no model {shown(name)} here", _names(catalogue))
        return served

    async def model(request: Request) -> Response:
        served = _named(request)
        if request.method == "POST":
            return await _answer(request, served)
        return JSONResponse(listing_of(served))

    async def labels(request: Request) -> Response:
        known = _named(request).description
        return Response(raw_labels(known.labels if known else []), media_type="application/json")

    async def example(_: Request) -> Response:
        return Response(trial_picture(), media_type="image/jpeg")

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        broken = {each.folder.name: str(each.error) for each in catalogue.models if each.error}
        report = {
            "status": catalogue.state,
            "versions": catalogue.versions,
            "models": {each.name: each.state for each in catalogue.listed},
            "left_out": broken,
        }
        return JSONResponse(report, 200 if catalogue.state == "ready" else 503)

    async def figures(request: Request) -> Response:
        text, content_type = metrics.exposition(request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": content_type})

    async def description(_: Request) -> Response:
        return JSONResponse(openapi.document())

    async def documentation(_: Request) -> Response:
        return HTMLResponse(openapi.page(), headers={"Content-Security-Policy": _PAGE_POLICY})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async def start() -> None:
            await catalogue.start()
            on_start()

        starting = asyncio.create_task(start())
        yield
        starting.cancel()

    app = Starlette(
        routes=[
            Route("/", home, methods=["GET", "POST"]),
            Route("/example.jpg", example),
            Route("/models", models),
            Route("/models/{name}", model, methods=["GET", "POST"]),
            Route("/models/{name}/labels", labels),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", figures),
            Route("/openapi.json", description),
            Route("/docs", documentation),
            *dashboard.routes(catalogue, metrics),
        ],
        exception_handlers={
            HTTPException: _http_error,
            AnnotateError: _known_error,
            Exception: _unforeseen_error,
        },
        middleware=[Middleware(_Ending)],
        lifespan=lifespan,
    )
    # A redirect would lead to whatever the request calls its host.
    app.router.redirect_slashes = False
    return app


def _names(catalogue: Catalogue) -> str:
    return f"Served are: {', '.join(served.name for served in catalogue.listed) or 'none yet'}."


def _no_default(catalogue: Catalogue) -> AnnotateError:
    return NotFoundError(
        "Several models are served here", f"POST to /models/NAME. {_names(catalogue)}"
    )


async def _known_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AnnotateError)  # noqa: S101
    return frames.refusal(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    method, path = request.method, request.url.path[:100]
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        refused = RequestError(
            f"{path} does not take {method}", f"It takes {allowed}.", code="method_not_allowed"
        )
    else:
        refused = NotFoundError(
            f"There is no {method} {path} here", "POST a picture to /, or GET /models or /readyz."
        )
    reply = error_reply(refused)
    return Response(reply.body, error.status_code, error.headers, "application/json")


async def _unforeseen_error(_: Request, error: Exception) -> Response:
    request_id = uuid.uuid4().hex[:12]
    log.error("request=%s status=500 in the server", request_id, exc_info=error)
    failed = InternalError(
        f"Something failed: {type(error).__name__}",
        "The log has the traceback under the request id.",
    )
    return frames.response(error_reply(failed, request_id))
