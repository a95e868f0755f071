"""CVAT's client of a Nuclio dashboard: its paths, headers and time limit.

Written from CVAT 2.73's `cvat/apps/lambda_manager/views.py`.
"""

import base64
from collections.abc import Mapping
from typing import Any

import httpx

from tests.cvat_double import (
    BrokenListError,
    Function,
    annotations_of,
    read_function,
    read_list,
)

SECONDS = 120
HEADERS = {
    "x-nuclio-project-name": "cvat",
    "x-nuclio-function-namespace": "nuclio",
    "x-nuclio-invoke-via": "domain-name",
    "X-Nuclio-Invoke-Timeout": f"{SECONDS}s",
}


class Cvat:
    """CVAT's client of a Nuclio dashboard at `url`, as CVAT_NUCLIO_HOST and _PORT name it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> httpx.Response:
        """Send one request as CVAT does: on a connection of its own, no retry."""
        own = httpx.Headers({**HEADERS, "Connection": "close"})
        own.update(headers or {})
        return httpx.request(
            method,
            self.url + path,
            headers=own,
            json=body,
            timeout=SECONDS,
        )

    def functions(self) -> dict[str, Function]:
        """Return the Models page. Raises BrokenListError."""
        reply = self.request("GET", "/api/functions")
        if reply.status_code != 200:
            raise BrokenListError(f"status {reply.status_code}")
        return read_list(reply.json())

    def get(self, name: str) -> Function:
        """Return one function. Raises as `read_function`, or httpx.HTTPStatusError."""
        return read_function(
            self.request("GET", f"/api/functions/{name}").raise_for_status().json()
        )

    def call(
        self,
        name: str,
        picture: bytes,
        threshold: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Call a function through the dashboard, as CVAT does on Kubernetes."""
        names = {"x-nuclio-function-name": name, "x-nuclio-path": "/"}
        return self.request(
            "POST",
            "/api/function_invocations",
            {**names, **(headers or {})},
            payload(picture, threshold),
        )

    def call_directly(
        self, function: Function, picture: bytes, threshold: float | None = None
    ) -> httpx.Response:
        """Call a function at its own port, as CVAT does on a Docker host."""
        host = httpx.URL(self.url).host
        return httpx.post(
            f"http://{host}:{function.port}",
            json=payload(picture, threshold),
            headers={"Connection": "close"},
            timeout=SECONDS,
        )

    def annotate(
        self, function: Function, picture: bytes, threshold: float | None = None
    ) -> list[dict[str, Any]]:
        """Return what CVAT stores for one frame. Raises RejectedFrameError, HTTPStatusError."""
        reply = self.call(function.id, picture, threshold).raise_for_status()
        return annotations_of(reply.json(), function)


def payload(picture: bytes, threshold: float | None = None) -> dict[str, Any]:
    """Return what CVAT sends a detector; a threshold of 0 never arrives."""
    image = {"image": base64.b64encode(picture).decode()}
    return image | ({"threshold": threshold} if threshold else {})
