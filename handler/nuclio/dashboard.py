"""Nuclio's dashboard, asked as CVAT asks it.

Paths and headers: CVAT 2.73 `cvat/apps/lambda_manager/views.py`, Nuclio 1.14
`pkg/dashboard/resource`.
"""

from typing import Any

from handler.nuclio.web import Answer, UnreachableError, send
from handler.rules.function_file import table

_HEADERS = {
    "x-nuclio-project-name": "cvat",
    "x-nuclio-function-namespace": "nuclio",
    "x-nuclio-project-namespace": "nuclio",
}


class Dashboard:
    """A Nuclio dashboard at a URL such as http://127.0.0.1:8070."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def version(self) -> str:
        """Return Nuclio's version, such as 1.14.1; empty if it does not say.

        Raises:
            UnreachableError: nobody answers, or not as a Nuclio dashboard does.
        """
        return str(table(self._get("/api/versions").get("dashboard")).get("label", ""))

    def projects(self) -> set[str]:
        """Return the names of its projects. Raises as `version` does."""
        return set(self._get("/api/projects"))

    def functions(self) -> dict[str, dict[str, Any]]:
        """Return the functions that CVAT lists, by name. Raises as `version` does."""
        return {name: table(each) for name, each in self._get("/api/functions").items()}

    def invoke(self, name: str, body: bytes) -> Answer:
        """Call a function as CVAT does on Kubernetes.

        Raises:
            UnreachableError: nobody answers within the 120 s that CVAT waits.
        """
        headers = {
            **_HEADERS,
            "x-nuclio-function-name": name,
            "x-nuclio-path": "/",
            "x-nuclio-invoke-via": "domain-name",
            "x-nuclio-invoke-timeout": "120s",  # Nuclio gives up after 60 s of its own
            "Content-Type": "application/json",
        }
        return send("POST", f"{self.url}/api/function_invocations", body, headers)

    def _get(self, path: str) -> dict[str, Any]:
        answer = send("GET", self.url + path, headers=_HEADERS, timeout=30)
        try:
            reply = answer.json()
        except ValueError:
            reply = None
        if answer.status != 200 or not isinstance(reply, dict):
            raise UnreachableError(
                f"{self.url} is not a Nuclio dashboard ({path} answers {answer.status})",
                "Nuclio's dashboard listens on port 8070.",
            )
        return reply
