"""The server's addresses as OpenAPI 3.1, and as a page to read.

https://spec.openapis.org/oas/v3.1.0
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np

from handler.cvat.shapes import RULES

_ERROR = {"$ref": "#/components/schemas/Error"}
_SHAPES = {"type": "array", "items": {"$ref": "#/components/schemas/Shape"}}
_ANYTHING = {"type": "object"}
_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_THRESHOLD = {"type": "number", "minimum": 0, "maximum": 1}
_FAILURES = {
    400: "The request is wrong: not JSON, no picture, a picture that does not decode, a threshold",
    404: "There is no such model",
    408: "The request did not arrive whole in time",
    500: "The model failed; the log has the reason under the request's id",
    503: "The model is loading, its queue is full, or there is no memory; see Retry-After",
}


@dataclass(frozen=True)
class Operation:
    """One method of one address. `replies`: what each status means, and the schema of its body."""

    path: str
    method: str
    summary: str
    replies: dict[int, tuple[str, dict[str, Any]]]
    takes_picture: bool = False
    parameters: Sequence[dict[str, Any]] = field(default_factory=tuple)


def _answering(path: str, summary: str, *parameters: dict[str, Any]) -> Operation:
    threshold = {"name": "threshold", "in": "query", "schema": _THRESHOLD}
    replies = {status: (text, _ERROR) for status, text in _FAILURES.items()}
    shapes = {200: ("The shapes, as CVAT reads them", _SHAPES)}
    return Operation(path, "post", summary, shapes | replies, True, (threshold, *parameters))


_MODEL = {"$ref": "#/components/schemas/Model"}
OPERATIONS = (
    _answering("/", "Annotate a picture with the only model, as CVAT asks for it"),
    _answering("/models/{name}", "Annotate a picture with a model", _NAME),
    Operation(
        "/models",
        "get",
        "List the models, also those that cannot be served, and why",
        {200: ("The models", {"type": "array", "items": _MODEL})},
    ),
    Operation(
        "/models/{name}",
        "get",
        "One model: its state, labels and queue",
        {200: ("The model", _MODEL), 404: (_FAILURES[404], _ERROR)},
        parameters=(_NAME,),
    ),
    Operation(
        "/models/{name}/labels",
        "get",
        "The model's labels, as CVAT's task constructor takes them under Raw",
        {200: ("The labels", {"type": "array", "items": _ANYTHING}), 404: (_FAILURES[404], _ERROR)},
        parameters=(_NAME,),
    ),
    Operation("/healthz", "get", "Whether the process lives", {200: ("It does", _ANYTHING)}),
    Operation(
        "/readyz",
        "get",
        "Whether it can answer, with what is left out, and versions",
        {200: ("It can", _ANYTHING), 503: ("Not yet", _ANYTHING)},
    ),
)


def example() -> dict[str, Any]:
    """Return a request that every model answers: a small grey picture."""
    picture = cv2.imencode(".png", np.full((32, 32, 3), 114, np.uint8))[1].tobytes()
    return {"image": base64.b64encode(picture).decode(), "threshold": 0.5}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "auto-annotate",
            "version": version("auto-annotate"),
            "description": "A trained detector, answering as CVAT asks a Nuclio function.",
        },
        "paths": paths,
        "components": {"schemas": {"Error": _error(), "Shape": _shape(), "Model": _model()}},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    body = {"requestBody": _request()} if operation.takes_picture else {}
    return {
        "summary": operation.summary,
        "parameters": list(operation.parameters),
        **body,
        "responses": {
            str(status): {
                "description": text,
                "content": {"application/json": {"schema": schema}},
            }
            for status, (text, schema) in operation.replies.items()
        },
    }


def _request() -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    picture = {"type": "string", "contentEncoding": "base64"}
    properties = {"image": picture, "threshold": _THRESHOLD}
    form = {"type": "object", "required": ["file"], "properties": {"file": binary}}
    body = {"type": "object", "required": ["image"], "properties": properties}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": body, "example": example()},
            "image/*": {"schema": binary},
            "multipart/form-data": {"schema": form},
        },
    }


def _object(required: Sequence[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _error() -> dict[str, Any]:
    text = {"type": "string"}
    names = ("code", "message", "request_id")
    return _object(["error"], error=_object(names, **dict.fromkeys(names, text)))


def _shape() -> dict[str, Any]:
    numbers = {"type": "array", "items": {"type": "number"}}
    return _object(
        ["label", "type"],
        label={"type": "string"},
        type={"enum": sorted(RULES)},
        confidence={"type": "number"},
        points=numbers,
        rotation={"type": "number", "minimum": 0, "maximum": 360},
        mask=numbers,
        elements={"type": "array", "items": _ANYTHING},
        attributes={"type": "array", "items": _ANYTHING},
        group_id={"type": "integer"},
    )


def _model() -> dict[str, Any]:
    return _object(
        ["name", "state", "labels", "error"],
        name={"type": "string"},
        state={"enum": ["starting", "failed", "idle", "loading", "ready"]},
        labels={"type": "array", "items": _ANYTHING},
        error={"type": ["object", "null"]},
    )


def page() -> str:
    """Return the document as HTML that needs nothing else: each address, and how to call it."""
    rows = "".join(_section(operation) for operation in OPERATIONS)
    command = (
        f"curl -s 127.0.0.1:8070 -H 'Content-Type: application/json' -d '{json.dumps(example())}'"
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>auto-annotate: API</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;"
        "padding:0 1rem;color-scheme:light dark}pre{white-space:pre-wrap;word-break:break-all}"
        "td{padding-right:1rem;vertical-align:top}</style>"
        f"<h1>auto-annotate {escape(version('auto-annotate'))}</h1>"
        "<p>Machine-readable: <a href=/openapi.json>/openapi.json</a>. Try it:</p>"
        f"<pre><code>{escape(command)}</code></pre>{rows}</html>"
    )


def _section(operation: Operation) -> str:
    statuses = "".join(
        f"<tr><td>{status}<td>{escape(text)}" for status, (text, _) in operation.replies.items()
    )
    head = f"{operation.method.upper()} {operation.path}"
    return (
        f"<h2><code>{escape(head)}</code></h2><p>{escape(operation.summary)}.</p>"
        f"<table>{statuses}</table>"
    )
