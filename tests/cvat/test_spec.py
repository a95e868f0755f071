from handler.cvat.spec import spec_of
from handler.labels import Label


def test_a_label_has_all_that_cvat_reads() -> None:
    assert spec_of([Label("car"), Label("bus")]) == [
        {"id": 0, "name": "car", "type": "rectangle", "attributes": []},
        {"id": 1, "name": "bus", "type": "rectangle", "attributes": []},
    ]
