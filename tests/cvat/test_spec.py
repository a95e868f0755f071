import json

from handler.cvat.spec import raw_labels, spec_of
from handler.labels import Label


def test_each_label_has_what_cvat_reads_and_its_index() -> None:
    assert spec_of([Label("car"), Label("road", "polygon")]) == [
        {"id": 0, "name": "car", "type": "rectangle", "attributes": []},
        {"id": 1, "name": "road", "type": "polygon", "attributes": []},
    ]


def test_raw_labels_are_what_the_task_constructor_takes() -> None:
    text = raw_labels(spec_of([Label("car"), Label("🚗")]))
    assert json.loads(text) == [
        {"name": "car", "type": "rectangle", "attributes": []},
        {"name": "🚗", "type": "rectangle", "attributes": []},
    ]
    assert "🚗" in text
