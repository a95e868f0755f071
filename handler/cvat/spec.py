"""From labels to CVAT's label spec, the annotation `spec` of a function."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from handler.labels import Label


def spec_of(labels: Sequence[Label]) -> list[dict[str, Any]]:
    """Return CVAT's spec: `id`, `name`, `type` and `attributes` of each label."""
    return [
        {"id": index, "name": label.name, "type": label.type, "attributes": []}
        for index, label in enumerate(labels)
    ]


def raw_labels(spec: Sequence[Mapping[str, Any]]) -> str:
    """Return a spec as CVAT's task constructor takes it under "Raw": JSON, one label a line."""
    entries = [{key: value for key, value in label.items() if key != "id"} for label in spec]
    lines = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    return f"[\n{lines}\n]"
