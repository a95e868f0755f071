"""The embedded HTTP server: the function's own endpoint and its health.

POST / answers exactly as the Nuclio function does. GET /healthz says that the process lives,
GET /readyz whether it can answer.
"""

import os
import socket
import threading
from importlib.metadata import version

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handler.errors import AnnotateError, NotReadyError, RequestError, SettingsError
from handler.nuclio.limits import MAX_BODY_BYTES
from handler.service import CONTENT_TYPE, Reply, Service, error_reply
from handler.settings import Settings


class Loading:
    """A service on its way: `state` is starting, ready or failed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.service: Service | None = None
        self.error: AnnotateError | None = None

    @property
    def state(self) -> str:
        """starting, ready or failed."""
        if self.error is not None:
            return "failed"
        return "starting" if self.service is None else "ready"

    @property
    def versions(self) -> dict[str, str]:
        """Our version, and those of the libraries that run the model once it is loaded."""
        libraries = self.service.model.versions if self.service else {}
        return {"auto-annotate": version("auto-annotate"), **libraries}

    def load(self) -> None:
        """Load the model; a failure is kept in `error`."""
        try:
            self.service = Service.load(self.settings)
        except AnnotateError as error:
            self.error = error


def create_app(loading: Loading) -> Starlette:
    """Return the ASGI application around a service that may still be loading."""

    async def annotate(request: Request) -> Response:
        if loading.service is None:
            error = NotReadyError("The model is still loading", "Try again in a few seconds.")
            return _response(error_reply(error))
        try:
            body = await _read_body(request)
        except RequestError as error:
            return _response(error_reply(error))
        return _response(await anyio.to_thread.run_sync(loading.service.answer, body))

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        ready = loading.state == "ready"
        return JSONResponse(
            {"status": loading.state, "versions": loading.versions},
            status_code=200 if ready else 503,
        )

    return Starlette(
        routes=[
            Route("/", annotate, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        exception_handlers={404: _not_found, 405: _not_found},
    )


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. The port is open while the model loads.

    Raises:
        SettingsError: the port cannot be listened on.
        AnnotateError: the model cannot be loaded.
    """
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}",
            "Choose another --port.",
        ) from None
    loading = Loading(settings)
    config = uvicorn.Config(create_app(loading), log_level="warning")
    server = uvicorn.Server(config)

    def load() -> None:
        loading.load()
        server.should_exit = loading.state == "failed"

    threading.Thread(target=load, daemon=True).start()
    server.run(sockets=[listener])
    if loading.error is not None:
        raise loading.error


async def _read_body(request: Request) -> bytearray:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise RequestError(
                    f"The request has more than {MAX_BODY_BYTES} bytes", code="body_too_large"
                )
    except ClientDisconnect:
        raise RequestError("The sender went away before its request was complete") from None
    return body


async def _not_found(request: Request, _: Exception) -> Response:
    error = RequestError(
        f"There is no {request.method} {request.url.path} here",
        "POST a picture to /, or GET /healthz or /readyz.",
        code="not_found",
    )
    return JSONResponse(
        {"error": {"code": error.code, "message": str(error), "request_id": ""}}, 404
    )


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, reply.headers, CONTENT_TYPE)
