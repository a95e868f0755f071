"""What a server has to bear: each prank returns whether the server took it as it must."""

import socket
from collections.abc import Callable

import httpx

Prank = Callable[[int, str, bytes], bool]


def _refused(port: int, path: str, body: bytes, content_type: str) -> bool:
    """Return whether a body is refused as the sender's fault, or for want of a place."""
    headers = {"Content-Type": content_type}
    url = f"http://127.0.0.1:{port}{path}"
    reply = httpx.post(url, content=body, headers=headers, timeout=120)
    return reply.status_code in (400, 503) and "request_id" in reply.json()["error"]


def _cut(port: int, path: str, picture: bytes) -> bool:
    return _refused(port, path, picture[: len(picture) // 2], "image/jpeg")


def _no_json(port: int, path: str, _: bytes) -> bool:
    return _refused(port, path, b'{"image": ', "application/json")


def _long_threshold(port: int, path: str, _: bytes) -> bool:
    body = b'{"image": "AAAA", "threshold": "%s"}' % (b"9" * 1_000_000)
    return _refused(port, path, body, "application/json")


def _begin(port: int, path: str, body: bytes, length: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def _half(port: int, path: str, picture: bytes) -> bool:
    """Send half a request and go."""
    _begin(port, path, picture[:1000], len(picture)).close()
    return True


def _gone(port: int, path: str, picture: bytes) -> bool:
    """Send a request and go before the answer."""
    _begin(port, path, picture, len(picture)).close()
    return True


def _slow(port: int, path: str, picture: bytes) -> bool:
    """Send half a request and wait until the server has had enough, or says that it is full."""
    with _begin(port, path, picture[:1000], len(picture)) as connection:
        return connection.recv(100)[9:12] in (b"408", b"503")


PRANKS: tuple[Prank, ...] = (_cut, _no_json, _half, _gone, _long_threshold, _gone, _slow)
