"""One frame over HTTP: its body in, the model's answer out, and who goes away in between."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from handler.errors import AnnotateError, GoneError, RequestError
from handler.nuclio.limits import MAX_BODY_BYTES
from handler.replies import CONTENT_TYPE, Reply, error_reply
from handler.server.metrics import Metrics
from handler.server.served import Served

SERVER = {"Server": "nuclio"}  # as of a function on Nuclio


async def answer(request: Request, served: Served, metrics: Metrics) -> Response:
    """Read a frame and answer it, as the Nuclio function would."""
    start = time.perf_counter()
    try:
        served.check_queue()
        body = await read_body(request)
        start = time.perf_counter()
        content_type = request.headers.get("content-type", "")
        work = served.answer(body, content_type, request.query_params.get("threshold"))
        reply = await _unless_gone(request, work)
    except AnnotateError as error:
        reply = error_reply(error)
    except asyncio.CancelledError:
        metrics.count(served.name, GoneError.status)
        raise
    metrics.observe(served.name, reply, time.perf_counter() - start)
    return response(reply)


async def read_body(request: Request) -> bytearray:
    """Return the body.

    Raises:
        RequestError: it is larger than a function on Nuclio would take, or breaks off.
    """
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


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Reply]) -> Reply:
    """Return what `work` returns; it is cancelled when the sender goes away.

    Raises:
        GoneError: it went away. AnnotateError: as `work` does.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_departure(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise GoneError("The sender went away while its picture waited")
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def response(reply: Reply) -> Response:
    """Return the response that carries a reply, and how long each stage took.

    Server-Timing, in milliseconds: https://www.w3.org/TR/server-timing/.
    """
    headers = {**SERVER, **reply.headers}
    if reply.seen is not None:
        stages = reply.seen.timings.milliseconds().items()
        headers["Server-Timing"] = ", ".join(f"{name};dur={each}" for name, each in stages)
    return Response(reply.body, reply.status, headers, media_type=CONTENT_TYPE)


def refusal(error: AnnotateError) -> Response:
    """Return the response for an error outside of any model."""
    return response(error_reply(error))
