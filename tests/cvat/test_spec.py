import json
import re
from xml.etree import ElementTree

from handler.cvat.spec import raw_labels, spec_of
from handler.detection.labels import Label


def test_a_label_has_all_that_cvat_reads() -> None:
    assert spec_of([Label("car"), Label("cat", "tag", attributes=("score",))]) == [
        {"id": 0, "name": "car", "type": "rectangle", "color": "#363ed9", "attributes": []},
        {
            "id": 1,
            "name": "cat",
            "type": "tag",
            "color": "#d9364c",
            "attributes": [{"name": "score", "input_type": "text", "values": [""]}],
        },
    ]


def test_a_skeleton_has_its_points_and_a_picture_of_them() -> None:
    names = ("wrist", 'the "tip" & <nail>', "thumb")
    (entry,) = spec_of([Label("hand", "skeleton", names, ((0, 1), (2, 1)))])
    assert entry["sublabels"] == [
        {"id": number, "name": name, "type": "points", "attributes": []}
        for number, name in enumerate(names, start=1)
    ]
    picture = ElementTree.fromstring(f"<svg>{entry['svg']}</svg>")  # noqa: S314 (our own)
    lines, nodes = picture.findall("line"), picture.findall("circle")
    assert [(line.get("data-node-from"), line.get("data-node-to")) for line in lines] == [
        ("1", "2"),
        ("3", "2"),
    ]
    assert [node.get("data-label-name") for node in nodes] == list(names)
    where = {node.get("data-node-id"): (node.get("cx"), node.get("cy")) for node in nodes}
    assert (lines[1].get("x1"), lines[1].get("y1")) == where["3"]
    assert all(re.fullmatch(r"[0-9.]+", value or "") for at in where.values() for value in at)
    json.dumps(entry)


def test_raw_labels_are_what_the_task_constructor_takes() -> None:
    labels = [Label("🚗", attributes=("score",)), Label("hand", "skeleton", ("a", "b"), ((0, 1),))]
    text = raw_labels(spec_of(labels))
    car, hand = json.loads(text)
    assert "🚗" in text
    assert (car["name"], car["type"], "id" in car) == ("🚗", "rectangle", False)
    assert car["attributes"] == [
        {
            "name": "score",
            "input_type": "text",
            "values": [""],
            "mutable": False,
            "default_value": "",
        }
    ]
    assert hand["sublabels"] == [
        {"name": name, "type": "points", "attributes": []} for name in ("a", "b")
    ]
