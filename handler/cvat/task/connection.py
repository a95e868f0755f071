"""A CVAT server, asked again where it fails for a moment."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import urllib3
from cvat_sdk import exceptions
from cvat_sdk.core.client import AccessTokenCredentials, Client, Config
from cvat_sdk.core.exceptions import CvatSdkException

from handler.errors import AnnotateError

T = TypeVar("T")

WAITS = (1, 2, 4, 8, 15, 30, 30, 30)  # seconds: a server that restarts takes a minute or two
_MAKE_ONE = "Make a personal access token on the server (Profile, Security) that may change tasks."
_PASSING = (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError)
_REFUSED = {
    401: ("does not know the token", _MAKE_ONE),
    403: ("does not let this token do it", _MAKE_ONE),
    404: ("does not have it", "Is it the right number, and the right organization?"),
}


class ServerError(AnnotateError):
    """A CVAT server that cannot be reached, refuses, or is something else."""

    code = "bad_server"


class Server:
    """A connection to the CVAT server at `url`.

    say: is told, in a line, of each failure after which the server is asked again.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        say: Callable[[str], None],
        organization: str | None = None,
        verify: bool = True,
    ) -> None:
        self.url = url
        self._say = say
        self.client: Any = self.ask("the server's version", lambda: _client(url, verify))
        self.client.login(AccessTokenCredentials(token))
        if organization is not None:
            self.client.organization_slug = organization

    def ask(self, what: str, request: Callable[[], T]) -> T:
        """Return the answer to a request; while the server fails, ask again for two minutes.

        what: names it in errors.

        Raises:
            ServerError: the server refuses, fails for too long, or is not CVAT.
        """
        waits = iter(WAITS)
        while True:
            try:
                return request()
            except Exception as error:
                trouble = _passing(error)
                if trouble is None:
                    raise self._refusal(what, error) from error
                wait = next(waits, None)
                if wait is None:
                    raise ServerError(
                        f"{self.url} does not answer for {what}: {trouble}",
                        "Is the address right, and does the server run?",
                    ) from error
            self._say(f"{what}: {trouble}; asking again in {wait} s")
            time.sleep(wait)

    def _refusal(self, what: str, error: Exception) -> ServerError:
        status = getattr(error, "status", None)
        if status in _REFUSED:
            why, remedy = _REFUSED[status]
            return ServerError(f"{self.url} {why}: {what}", remedy)
        if status:
            said = str(getattr(error, "body", None) or getattr(error, "reason", ""))[:200]
            return ServerError(f"{self.url} answers {status} for {what}: {said}")
        if isinstance(error, CvatSdkException):
            return ServerError(f"{self.url}: {error}")
        said = f"{type(error).__name__}: {error}"[:200]
        return ServerError(
            f"{self.url} does not answer as CVAT does for {what}: {said}",
            "Give the address that you open in the browser, such as http://localhost:8080.",
        )


def _client(url: str, verify: bool) -> Client:
    return Client(url, config=Config(verify_ssl=verify))


def _passing(error: Exception) -> str | None:
    """Return in words what may pass by itself; None where it will not."""
    if isinstance(error, exceptions.ApiException) and error.status:
        passes = error.status == 429 or error.status >= 500
        return f"the server answers {error.status}" if passes else None
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        return f"no connection ({type(error.reason).__name__})"
    return f"no connection ({type(error).__name__})" if isinstance(error, _PASSING) else None
