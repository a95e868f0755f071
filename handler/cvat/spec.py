"""From labels to CVAT's label spec, the annotation `spec` of a function."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from handler.detection.labels import Label
from handler.detection.skeletons import places

QUOTE = {'"': "&quot;"}


def spec_of(labels: Sequence[Label]) -> list[dict[str, Any]]:
    """Return CVAT's spec: `id`, `name`, `type`, `color` and `attributes` of each label.

    A skeleton also has `sublabels` and `svg`, the picture on which CVAT's users place its points.
    """
    spec = []
    for index, label in enumerate(labels):
        entry: dict[str, Any] = {
            "id": index,
            "name": label.name,
            "type": label.type,
            "color": "#{:02x}{:02x}{:02x}".format(*label.color),
            "attributes": [
                {"name": name, "input_type": "text", "values": [""]} for name in label.attributes
            ],
        }
        if label.keypoints:
            entry["svg"] = _svg(label)
            entry["sublabels"] = [
                {"id": number, "name": name, "type": "points", "attributes": []}
                for number, name in enumerate(label.keypoints, start=1)
            ]
        spec.append(entry)
    return spec


def raw_labels(spec: Sequence[Mapping[str, Any]]) -> str:
    """Return a spec as CVAT's task constructor takes it under "Raw": JSON, one label a line."""
    lines = ",\n".join(f"  {json.dumps(_raw(label), ensure_ascii=False)}" for label in spec)
    return f"[\n{lines}\n]"


def _raw(label: Mapping[str, Any]) -> dict[str, Any]:
    """Return a label without the ids, which are a server's, and with what its attributes lack."""
    entry = {key: value for key, value in label.items() if key != "id"}
    entry["attributes"] = [
        {**attribute, "mutable": False, "default_value": attribute["values"][0]}
        for attribute in label["attributes"]
    ]
    if "sublabels" in label:
        entry["sublabels"] = [_raw(point) for point in label["sublabels"]]
    return entry


def _svg(label: Label) -> str:
    """Return lines between nodes and circles at nodes, as CVAT's skeleton editor writes them."""
    where = places(label.keypoints)
    lines = [
        f'<line x1="{where[a][0]}" y1="{where[a][1]}" x2="{where[b][0]}" y2="{where[b][1]}"'
        f' data-type="edge" data-node-from="{a + 1}" data-node-to="{b + 1}"></line>'
        for a, b in label.edges
    ]
    circles = [
        f'<circle r="0.75" cx="{x}" cy="{y}" data-type="element node" data-element-id="{number}"'
        f' data-node-id="{number}" data-label-name="{escape(name, QUOTE)}"></circle>'
        for number, (name, (x, y)) in enumerate(zip(label.keypoints, where, strict=True), start=1)
    ]
    return "\n".join(lines + circles)
