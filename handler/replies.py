"""What goes back to whoever asked: a JSON body, and what is told about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from handler.errors import AnnotateError
from handler.timings import Timings

CONTENT_TYPE = "application/json"


@dataclass(frozen=True)
class Seen:
    """One answered frame: its size in pixels and in bytes, its shapes, and what took how long."""

    width: int
    height: int
    bytes: int
    shapes: int
    timings: Timings


@dataclass(frozen=True)
class Reply:
    """A JSON body, its HTTP status, and what HTTP headers it needs besides its type.

    seen: what was answered, None of an error.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    seen: Seen | None = None


def error_reply(error: AnnotateError, request_id: str = "") -> Reply:
    """Return the reply for an error: `{"error": {"code", "message", "request_id"}}`."""
    fields = {"code": error.code, "message": str(error), "request_id": request_id}
    wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return Reply(error.status, orjson.dumps({"error": fields}), wait)
