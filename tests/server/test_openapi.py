"""The description of the server's addresses, by a validator of OpenAPI and by use."""

import shlex
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest
from openapi_spec_validator import validate
from starlette.routing import Route

from handler.server.app import create_app
from handler.server.catalogue import Catalogue
from handler.server.openapi import document
from handler.settings import Settings
from tests.server.processes import EXPORTED, running_server

UNLISTED = ("/api/", "/metrics", "/docs", "/openapi.json", "/example.jpg")
PAGE = {("/", "get")}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running_server(EXPORTED) as connection:
        yield connection


def test_it_is_openapi(client: httpx.Client) -> None:
    found = client.get("/openapi.json").json()
    assert found == document()
    validate(found)


def test_it_has_every_address_of_the_server() -> None:
    app = create_app(Catalogue(Settings(), [], []))
    served = {
        (route.path, method.lower())
        for route in app.routes
        if isinstance(route, Route) and not route.path.startswith(UNLISTED)
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {
        (path, method) for path, methods in document()["paths"].items() for method in methods
    }
    assert described == served - PAGE


class _Code(HTMLParser):
    """The text of the first <pre>."""

    text = ""
    _is_inside = False

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self._is_inside |= tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self._is_inside &= tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._is_inside:
            self.text += data


def test_the_page_s_example_runs_as_it_is_written(client: httpx.Client) -> None:
    reply = client.get("/docs")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    code = _Code()
    code.feed(reply.text)
    command = shlex.split(code.text.replace("127.0.0.1:8070", str(client.base_url)))
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"[]"
