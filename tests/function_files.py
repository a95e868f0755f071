"""Files that `auto-annotate function` writes, and ways to break them."""

import copy
import json
from pathlib import Path
from typing import Any, NamedTuple

from handler.checks import check
from handler.detection.labels import Label
from handler.nuclio.function import Function
from handler.rules.function_file import FunctionFile

GONE = object()

_COMMON: dict[str, Any] = {
    "name": "cars",
    "title": "Cars",
    "description": "yolov8n detector",
    "image": "auto-annotate:1",
    "labels": [Label("car"), Label("bus")],
}
GOOD = {
    "docker": Function(**_COMMON, weights_path=Path("/models/cars"), port=32001).to_dict(),
    "kubernetes": Function(**_COMMON, platform="kubernetes").to_dict(),
}


class Broken(NamedTuple):
    """A change to a good file: where (keys, a space between them), and what is there instead."""

    path: str
    value: Any
    platform: str = "docker"

    def document(self) -> dict[str, Any]:
        return changed(GOOD[self.platform], {self.path: self.value})


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with other values; `GONE` removes one, a number is a place in a list."""
    document = copy.deepcopy(document)
    for path, value in changes.items():
        *above, last = (int(key) if key.isdigit() else key for key in path.split())
        place: Any = document
        for key in above:
            place = place[key] if isinstance(key, int) else place.setdefault(key, {})
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return document


def labels(*entries: Any) -> str:
    return json.dumps(entries)


def rules_found(document: dict[str, Any], platform: str = "docker") -> set[str]:
    """Return the names of all rules that find something in the file."""
    return {found.rule for found in check.file_findings(FunctionFile(document, platform))}
