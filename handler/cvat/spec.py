"""From labels to CVAT's label spec, the annotation `spec` of a function."""

import json
from collections.abc import Sequence
from typing import Any

from handler.labels import Label


def spec_of(labels: Sequence[Label]) -> list[dict[str, Any]]:
    """Return CVAT's spec: `id`, `name`, `type` and `attributes` of each label."""
    return [
        {"id": index, "name": label.name, "type": label.type, "attributes": []}
        for index, label in enumerate(labels)
    ]


def raw_labels(labels: Sequence[Label]) -> str:
    """Return the labels as CVAT's task constructor takes them under "Raw": JSON, one a line."""
    entries = [
        {key: entry[key] for key in ("name", "type", "attributes")} for entry in spec_of(labels)
    ]
    lines = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    return f"[\n{lines}\n]"
