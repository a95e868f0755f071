"""A stand-in for a CVAT server: what cvat-sdk asks of one about a task, answered over HTTP.

The replies have the fields that cvat-sdk 2.60 and 2.80 read. Chunks hold the pictures' own bytes,
as CVAT's do of the quality `original`.
"""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "let-me-in"  # noqa: S105
_DATE = "2026-01-01T00:00:00Z"


@dataclass
class Task:
    """A task. labels: as the API writes them. frames: names and encoded pictures.

    chunk_type: of the original chunks, imageset or video. size: of each frame, as CVAT notes it.
    """

    labels: list[dict[str, Any]]
    frames: list[tuple[str, bytes]]
    chunk_size: int = 3
    chunk_type: str = "imageset"
    deleted: list[int] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    tags: list[dict[str, Any]] = field(default_factory=list)

    def chunk(self, number: int) -> bytes:
        stream = io.BytesIO()
        frames = self.frames[number * self.chunk_size : (number + 1) * self.chunk_size]
        with zipfile.ZipFile(stream, "w") as archive:
            for index, (_, encoded) in enumerate(frames):
                archive.writestr(f"{index:06}.jpeg", encoded)
        return stream.getvalue()


def label(
    name: str,
    number: int,
    kind: str = "any",
    keypoints: Sequence[str] = (),
    attributes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a label of a task; its keypoints have the ids 100 * number + 1 and up."""
    return {
        "id": number,
        "name": name,
        "color": "#ffffff",
        "type": kind,
        "svg": "",
        "task_id": 1,
        "has_parent": False,
        "attributes": [
            _attribute(name, 100 * number + 50 + k) for k, name in enumerate(attributes)
        ],
        "sublabels": [
            {
                "id": 100 * number + point_number,
                "name": point,
                "color": "#ffffff",
                "type": "points",
                "attributes": [],
                "has_parent": True,
            }
            for point_number, point in enumerate(keypoints, start=1)
        ],
    }


def _attribute(name: str, number: int) -> dict[str, Any]:
    kind = {"input_type": "text", "values": [""], "default_value": ""}
    return {"id": number, "name": name, "mutable": False, **kind}


class Server:
    """The tasks by id, what was asked, and what is to go wrong.

    broken: is asked about each request, a method and a path with its query; a status to answer
    with, "drop" to hang up without an answer, "lose" to obey and hang up, None to answer.
    """

    def __init__(self, tasks: dict[int, Task]) -> None:
        self.tasks = tasks
        self.asked: list[str] = []
        self.broken: Callable[[str, str], int | str | None] = lambda _, __: None
        self.ids = iter(range(1, 10**9))
        self.url = ""

    def get(self, path: str, query: dict[str, str]) -> Any:
        if path == "/api/server/about":
            return {
                "name": "CVAT",
                "description": "",
                "version": "2.80.0",
                "logo_url": "",
                "subtitle": "",
            }
        if path == "/api/labels":
            labels = self.tasks[int(query["task_id"])].labels
            return {"count": len(labels), "next": None, "previous": None, "results": labels}
        found = re.fullmatch(r"/api/tasks/(\d+)(/.*)?", path)
        if found is None or int(found[1]) not in self.tasks:
            return None
        number, task = int(found[1]), self.tasks[int(found[1])]
        if found[2] == "/data/meta":
            return self._meta(task)
        if found[2] == "/annotations":
            return self.annotations(task)
        if found[2] == "/data":
            which = int(query["number"])
            return task.chunk(which) if query["type"] == "chunk" else task.frames[which][1]
        return {
            "url": f"{self.url}/api/tasks/{number}",
            "id": number,
            "name": "a task",
            "created_date": _DATE,
            "updated_date": _DATE,
            "data_chunk_size": task.chunk_size,
            "data_original_chunk_type": task.chunk_type,
            "data_compressed_chunk_type": task.chunk_type,
            "size": len(task.frames),
            "dimension": "2d",
            "mode": "annotation",
            "organization": None,
            "subset": "",
            "labels": {"url": f"{self.url}/api/labels?task_id={number}"},
            "jobs": {"count": 1, "completed": 0, "validation": 0, "url": f"{self.url}/api/jobs"},
        }

    def _meta(self, task: Task) -> dict[str, Any]:
        names = [name for name, _ in task.frames]
        seen = names if task.chunk_type == "imageset" else ["film.mp4"]
        frame = {"width": 640, "height": 480, "related_files": 0, "has_related_context": False}
        return {
            "chunks_updated_date": _DATE,
            "chunk_size": task.chunk_size,
            "size": len(task.frames),
            "image_quality": 70,
            "start_frame": 0,
            "stop_frame": len(task.frames) - 1,
            "frame_filter": "",
            "deleted_frames": task.deleted,
            "included_frames": None,
            "frames": [{"name": name, **frame} for name in seen],
        }

    def annotations(self, task: Task) -> dict[str, Any]:
        return {"version": 0, "tags": task.tags, "shapes": task.shapes, "tracks": []}

    def change(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Create (PATCH), replace (PUT) or delete annotations."""
        found = re.fullmatch(r"/api/tasks/(\d+)/annotations", path)
        if found is None:
            return None
        task = self.tasks[int(found[1])]
        if method in ("PUT", "DELETE"):
            task.shapes, task.tags = [], []
        if method == "DELETE":
            return b""
        assert method == "PUT" or query == {"action": "create"}
        given = {
            key: [{**each, "id": next(self.ids)} for each in body.get(key, [])]
            for key in ("tags", "shapes")
        }
        for each in (*given["shapes"], *given["tags"]):
            check(task, each)
        task.shapes += given["shapes"]
        task.tags += given["tags"]
        return {"version": 0, "tracks": [], **given}


def check(task: Task, each: dict[str, Any]) -> None:
    """Check an annotation against its task: its frame, its label's type, and how many numbers."""
    assert 0 <= each["frame"] < len(task.frames)
    label = next(label for label in task.labels if label["id"] == each["label_id"])
    kind = each.get("type", "tag")
    assert label["type"] in ("any", kind), (label, each)
    attributes = {attribute["id"] for attribute in label["attributes"]}
    assert {attribute["spec_id"] for attribute in each.get("attributes", [])} <= attributes
    points = each.get("points", [])
    assert all(isinstance(value, int | float) for value in points)
    if kind in ("rectangle", "ellipse"):
        assert len(points) == 4
    if kind == "polygon":
        assert len(points) >= 6
        assert len(points) % 2 == 0
    if kind == "mask":
        *runs, left, top, right, bottom = points
        assert sum(runs) == (right - left + 1) * (bottom - top + 1)
    if kind == "skeleton":
        keypoints = {each["id"] for each in label["sublabels"]}
        assert {element["label_id"] for element in each["elements"]} == keypoints


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: Server

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, method: str) -> None:
        address = urlsplit(self.path)
        path = address.path.rstrip("/")
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        self.double.asked.append(f"{method} {self.path}")
        trouble = self.double.broken(method, self.path)
        if isinstance(trouble, int):
            return self._send(trouble, b'{"detail": "trouble"}')
        if trouble == "drop":
            return self._hang_up()
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not known and path != "/api/server/about":
            return self._send(401, b'{"detail": "Authentication failed"}')
        found = (
            self.double.get(path, query)
            if method == "GET"
            else self.double.change(method, path, query, body)
        )
        if trouble == "lose":
            return self._hang_up()
        if found is None:
            return self._send(404, b'{"detail": "Not found."}')
        if isinstance(found, bytes):
            return self._send(204 if method == "DELETE" else 200, found, "application/zip")
        return self._send(200, json.dumps(found).encode())

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer("GET")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")


@contextmanager
def running(tasks: dict[int, Task]) -> Iterator[Server]:
    """A server with these tasks, listening."""
    double = Server(tasks)
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
