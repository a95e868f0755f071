"""From labels to CVAT's label spec, the annotation `spec` of a function."""

from collections.abc import Sequence
from typing import Any

from handler.labels import Label


def spec_of(labels: Sequence[Label]) -> list[dict[str, Any]]:
    """Return CVAT's spec: `id`, `name`, `type` and `attributes` of each label."""
    return [
        {"id": index, "name": label.name, "type": label.type, "attributes": []}
        for index, label in enumerate(labels)
    ]
