from typing import Any

import pytest

from handler.cvat.rules import RULES
from tests.function_files import GONE, Broken, labels, rules_found

SPEC = "metadata annotations spec"
POINTS = [{"name": "nose", "type": "points"}]
SKELETON = {
    "name": "person",
    "type": "skeleton",
    "svg": '<circle data-label-name="nose"/>',
    "sublabels": POINTS,
}


def _attribute(**changes: Any) -> dict[str, Any]:
    attribute = {"name": "age", "input_type": "number", "values": ["0", "99", "1"]} | changes
    return {"name": "car", "attributes": [{k: v for k, v in attribute.items() if v is not GONE}]}


BROKEN = [
    ("function-name", Broken("metadata name", GONE)),
    ("function-name", Broken("metadata name", "my cars")),
    ("function-type", Broken("metadata annotations type", GONE)),
    ("function-type", Broken("metadata annotations type", "classifier")),
    ("label-spec", Broken(SPEC, GONE)),
    ("label-spec", Broken(SPEC, "[{name: car}]")),
    ("label-spec", Broken(SPEC, [{"name": "car"}])),
    ("label-spec", Broken(SPEC, '{"name": "car"}')),
    ("label-spec", Broken(SPEC, '["car"]')),
    ("label-spec", Broken(SPEC, "[]")),
    ("label-spec", Broken(SPEC, "[" * 100_000)),
    ("label-name", Broken(SPEC, labels({"type": "rectangle"}))),
    ("label-unique", Broken(SPEC, labels({"name": "car"}, {"name": "car", "type": "mask"}))),
    ("label-type", Broken(SPEC, labels({"name": "car", "type": "box"}))),
    ("label-attributes", Broken(SPEC, labels(_attribute(values=GONE)))),
    ("label-attributes", Broken(SPEC, labels(_attribute(values=["0", "1"])))),
    ("label-attributes", Broken(SPEC, labels(_attribute(values=["0", "1", "0.1"])))),
    ("label-attributes", Broken(SPEC, labels({"name": "car", "attributes": "age"}))),
    ("skeleton-svg", Broken(SPEC, labels({k: SKELETON[k] for k in SKELETON if k != "svg"}))),
    ("skeleton-svg", Broken(SPEC, labels(SKELETON | {"svg": ""}))),
    ("skeleton-svg", Broken(SPEC, labels(SKELETON | {"svg": '<circle data-label-name="ear"/>'}))),
    ("skeleton-sublabels", Broken(SPEC, labels(SKELETON | {"sublabels": []}))),
    (
        "skeleton-sublabels",
        Broken(SPEC, labels(SKELETON | {"sublabels": [{"name": "nose", "type": "mask"}]})),
    ),
    ("display-name", Broken("metadata annotations name", GONE)),
    ("function-version", Broken("metadata annotations version", "1.0")),
    ("startswith-box", Broken("metadata annotations startswith_box", "false")),
    ("description", Broken("spec description", "")),
    ("description", Broken("spec description", GONE)),
    ("project-label", Broken("metadata labels nuclio.io/project-name", GONE)),
    ("other-project", Broken("metadata labels nuclio.io/project-name", "default")),
    ("namespace", Broken("metadata namespace", "cvat")),
]


@pytest.mark.parametrize(("name", "broken"), BROKEN)
def test_what_cvat_refuses_is_caught_by_its_rule_alone(name: str, broken: Broken) -> None:
    assert rules_found(broken.document()) == {name}


def test_every_rule_has_a_file_that_breaks_it() -> None:
    assert {name for name, _ in BROKEN} == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    "spec",
    [
        labels(_attribute()),
        labels(SKELETON),
        labels({"name": "x", "type": "any"}, {"name": "y", "type": "tag"}),
        labels(*({"name": f'{n} "quoted" 🚗'} for n in range(200))),
    ],
)
def test_label_specs_that_cvat_takes_are_clean(spec: str) -> None:
    assert rules_found(Broken(SPEC, spec).document()) == set()
