"""The log: one record a line, as words for people or as JSON for programs."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

from handler.timings import Timings

log = logging.getLogger("auto_annotate")


class Line:
    """What one record says, by name; `message` are words that need no name.

    As words: `request=4f2a status=200 image=640x480`, and the timings after them.
    """

    def __init__(self, timings: Timings | None = None, /, **fields: Any) -> None:
        self.fields = fields
        self.timings = timings

    def __str__(self) -> str:
        words = [
            str(value) if name == "message" else f"{name}={value}"
            for name, value in self.fields.items()
        ]
        return " ".join(words if self.timings is None else [*words, str(self.timings)])


class _JsonFormatter(logging.Formatter):
    """One JSON object a line; of a Line the fields, and its timings in milliseconds."""

    def format(self, record: logging.LogRecord) -> str:
        message: Any = record.msg
        is_line = isinstance(message, Line)
        written = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            **(message.fields if is_line else {"message": record.getMessage()}),
        }
        if is_line and message.timings is not None:
            written["milliseconds"] = message.timings.milliseconds()
        if record.exc_info:
            written["traceback"] = self.formatException(record.exc_info)
        return json.dumps(written, default=str)


_FORMATTERS: dict[str, Callable[[], logging.Formatter]] = {
    "text": lambda: logging.Formatter("%(asctime)s %(levelname)s %(message)s"),
    "json": _JsonFormatter,
}


def log_to(kind: str = "text", stream: TextIO | None = None) -> None:
    """Send our log, and the server's, to standard output, where all platforms collect it.

    kind: `text` or `json`, as ANNOTATE_LOG says. stream: another place.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(_FORMATTERS[kind]())
    for logger, level in ((log, logging.INFO), (logging.getLogger("uvicorn"), logging.ERROR)):
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
