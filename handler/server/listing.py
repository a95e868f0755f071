"""What GET /models tells of each model: for the page, for scripts and for whoever operates it."""

from typing import Any

from handler.server.served import Served


def listing_of(served: Served) -> dict[str, Any]:
    """Return a model's state, labels with their colours, and why it does not work, if so.

    `labels` is CVAT's label spec; `error` is None, or has `message` and `remedy`.
    """
    known, error = served.description, served.error
    return {
        "name": served.name,
        "title": known.title if known else served.name,
        "description": known.description if known else "",
        "state": served.state,
        "error": error and {"message": error.message, "remedy": error.remedy},
        "task": known.task if known else None,
        "threshold": known.threshold if known else None,
        "labels": known.labels if known else [],
        "versions": known.versions if known else {},
        "url": f"/models/{served.name}",
        "port": served.port,
        "queue": {"taken": served.places, "limit": served.settings.queue},
    }
