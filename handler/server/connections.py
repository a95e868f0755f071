"""One HTTP connection: how long it may take to send a request, and how many there may be."""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from handler.errors import AnnotateError, BusyError, NotReadyError, RequestError
from handler.replies import error_reply

_LINGERS = 2.0  # seconds
_SLOW = RequestError(
    "The request did not arrive in time", "ANNOTATE_READ_TIMEOUT bounds it.", code="too_slow"
)
_FULL = BusyError(
    "Too many connections are open", "Come again later; ANNOTATE_CONNECTIONS bounds them."
)
_ENDING = NotReadyError("The server is being stopped", "Send the request again later.")
_NOT_HTTP = RequestError("This is not an HTTP request", code="not_http")


def protocol(read_timeout: float, connections: int) -> Callable[..., asyncio.Protocol]:
    """Return what uvicorn makes a connection with.

    read_timeout: seconds for one whole request. connections: above them each gets a 503.
    """

    def connection(*arguments: Any, **names: Any) -> asyncio.Protocol:
        return Connection(*arguments, read_timeout=read_timeout, most=connections, **names)

    return connection


class Connection(H11Protocol):
    """A connection on which a request has to arrive whole in time, and whose errors are JSON."""

    def __init__(self, *arguments: Any, read_timeout: float, most: int, **names: Any) -> None:
        super().__init__(*arguments, **names)
        self._read_timeout = read_timeout
        self._most = most
        self._due: asyncio.TimerHandle | None = None
        self._is_refused = False

    # What follows is called by asyncio and uvicorn.
    # ruff: noqa: D102
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            self._refuse(503, _FULL)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._watch()

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            super().data_received(data)
            self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def shutdown(self) -> None:
        """Answer what has arrived; a request that is half sent is not waited for."""
        if self._is_refused:
            self.transport.close()
        elif self._is_answering() and self.conn.their_state is h11.SEND_BODY:
            self._refuse(503, _ENDING)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        self._refuse(400, _NOT_HTTP)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _watch(self) -> None:
        """Start the time of a request with the connection, or the end of the one before."""
        arrives = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if not arrives or self._is_refused or self.transport.is_closing():
            if self._due is not None:
                self._due.cancel()
            self._due = None
        elif self._due is None:
            self._due = self.loop.call_later(self._read_timeout, self._refuse, 408, _SLOW)

    def _refuse(self, status: int, error: AnnotateError) -> None:
        """Answer for the application, unless it has begun to, and end the connection.

        What still comes is read for a moment: otherwise the system would take the answer back.
        """
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            reply = error_reply(error)
            headers = {
                "Content-Type": "application/json",
                "Content-Length": str(len(reply.body)),
                "Connection": "close",
                **reply.headers,
            }
            response = h11.Response(status_code=status, headers=list(headers.items()))
            for event in (response, h11.Data(data=reply.body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.resume_reading()
        self.transport.write_eof()
        self.loop.call_later(_LINGERS, self.transport.close)
