"""A handler in a process of its own: `python -m handler.bench.wrapper MODULE:HANDLER`.

It is carried as Nuclio's Python wrapper carries it (`_nuclio_wrapper.py` of 1.14): events come as
msgpack behind their length, 4 bytes, big-endian; a JSON body is parsed before the handler sees it;
the reply leaves as one line of JSON. After it comes a line of ours, with the handler's own timings.
"""

import contextlib
import importlib
import json
import logging
import os
import struct
import sys
from typing import BinaryIO

import msgpack
import nuclio_sdk
import nuclio_sdk.json_encoder

from handler.logs import Line, log

LENGTH = struct.Struct(">I")
_EVENT = {
    "content_type": "application/json", "headers": {}, "fields": {}, "id": "", "method": "POST",
    "path": "/", "size": 0, "timestamp": 0, "trigger": {"kind": "http", "name": "http"}, "url": "",
    "version": 0, "shard_id": 0, "num_shards": 0, "type": "", "type_version": "",
}  # fmt: skip


def event_of(body: bytes) -> bytes:
    """Return the message in which Nuclio's processor hands over the body of a request."""
    message: bytes = msgpack.packb(_EVENT | {"body": body, "size": len(body)})
    return LENGTH.pack(len(message)) + message


class _Timed(logging.Handler):
    """Keeps the timings that the service logs with each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.latest: dict[str, dict[str, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        line: object = record.msg
        if isinstance(line, Line) and line.timings is not None:
            self.latest = {"stages": line.timings.stages, "parts": line.timings.parts}


def run(path: str, events: BinaryIO, replies: BinaryIO) -> None:
    """Start the handler `path` and answer `events` on `replies` until they end."""
    module_name, _, attribute = path.partition(":")
    module = importlib.import_module(module_name)
    handler = getattr(module, attribute)
    encode = nuclio_sdk.json_encoder.Encoder().encode
    context = nuclio_sdk.Context(nuclio_sdk.Logger(logging.WARNING))
    module.init_context(context)
    timed = _Timed()
    log.addHandler(timed)
    while head := events.read(LENGTH.size):
        message = msgpack.unpackb(events.read(*LENGTH.unpack(head)), raw=True)
        event = nuclio_sdk.Event.deserialize(message)
        response = nuclio_sdk.Response.from_entrypoint_output(encode, handler(context, event))
        replies.write(encode(response).encode() + b"\n")
        replies.flush()
        replies.write(json.dumps(timed.latest).encode() + b"\n")
        replies.flush()


def main() -> None:
    """Answer on standard output the requests of standard input, until there are no more."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the handler prints is its log
    with contextlib.suppress(BrokenPipeError):
        run(sys.argv[1], sys.stdin.buffer, replies)
    os._exit(0)  # torch takes seconds to be taken down


if __name__ == "__main__":
    main()
