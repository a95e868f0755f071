"""The Nuclio function: `handler.main:handler`.

Nuclio looks up `init_context` in the module of the handler, calls it once in each worker, and only
then calls the worker ready.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from handler.errors import AnnotateError
from handler.logs import log, log_to
from handler.nuclio import workers
from handler.replies import CONTENT_TYPE
from handler.service import Service
from handler.settings import Settings

# The image's start command prints it after all that the processor says about the worker's end.
REASON = Path(tempfile.gettempdir(), "not-ready")


def init_context(context: Any) -> None:
    """Load the model. A failure ends the worker, and with it the container."""
    log_to()
    # Nuclio waits ten seconds for a worker that does not end by itself. The platform that
    # nuclio_sdk has for tests cannot be asked to.
    if hasattr(context.platform, "set_termination_callback"):
        context.platform.set_termination_callback(_end)
    try:
        settings = Settings.from_environment()
        log_to(settings.log)
        context.user_data.service = Service.load(workers.sharing(settings))
    except AnnotateError as error:
        log.error("not ready: %s", error)
        REASON.write_text(f"not ready: {error}\n")
        raise SystemExit(1) from None


def _end() -> None:
    sys.stdout.flush()
    os._exit(0)  # torch takes seconds to be taken down, and Docker kills after ten


def handler(context: Any, event: Any) -> Any:
    """Answer one frame. The body is JSON text: Nuclio would send a list's repr, not its JSON."""
    query = {_text(name): _text(value) for name, value in event.fields.items()}
    reply = context.user_data.service.answer(
        event.body, _text(event.content_type or ""), query.get("threshold")
    )
    return context.Response(
        body=reply.body.decode(),
        headers=dict(reply.headers),
        content_type=CONTENT_TYPE,
        status_code=reply.status,
    )


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
