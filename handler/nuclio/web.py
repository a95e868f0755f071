"""One HTTP request and its answer."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from handler.errors import AnnotateError


class UnreachableError(AnnotateError):
    """An address that cannot be used, or where nobody answers."""

    code = "unreachable"


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status, the body, and the seconds until it was complete."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> object:
        """Return the body as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return orjson.loads(self.body)


def send(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> Answer:
    """Send a request; `timeout` is in seconds.

    Raises:
        UnreachableError: the address is not one, or nobody answers there in time.
    """
    start = time.perf_counter()
    try:
        address = urlsplit(url)
        kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}.get(
            address.scheme
        )
        if kind is None or not address.hostname:
            raise ValueError("it has to begin with http:// or https://")
        connection = kind(address.hostname, address.port, timeout=timeout)
        try:
            connection.request(method, address.path or "/", body, dict(headers or {}))
            reply = connection.getresponse()
            return Answer(reply.status, reply.read(), time.perf_counter() - start)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise UnreachableError(
            f"{url} does not answer ({reason})",
            "Check the address, and that the container runs (docker ps).",
        ) from None
