import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import SettingsError
from handler.labels import labels_of
from handler.nuclio.function import Function, function_name
from handler.server import MAX_BODY_BYTES

NAMES = st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=200)


def function(
    *, name: str = "cars", title: str = "Cars", weights_path: str = "/srv/cars", labels: list[str]
) -> Function:
    return Function(
        name=name,
        title=title,
        description="finds cars",
        image="auto-annotate:1.0",
        weights_path=Path(weights_path),
        labels=labels_of(labels),
    )


def test_the_file_has_what_cvat_and_nuclio_read() -> None:
    document = yaml.safe_load(function(labels=["car", "bus"]).to_yaml())
    metadata, spec = document["metadata"], document["spec"]

    assert set(document) == {"metadata", "spec"}  # Nuclio ignores everything else
    assert metadata["labels"] == {"nuclio.io/project-name": "cvat"}
    assert metadata["annotations"]["type"] == "detector"
    assert [label["name"] for label in json.loads(metadata["annotations"]["spec"])] == [
        "car",
        "bus",
    ]

    assert spec["image"] == "auto-annotate:1.0"
    assert "build" not in spec  # nuctl would start a build
    assert spec["handler"] == "handler.main:handler"
    assert spec["description"] == "finds cars"
    assert spec["volumes"] == [
        {
            "volume": {"name": "weights", "hostPath": {"path": "/srv/cars"}},
            "volumeMount": {"name": "weights", "mountPath": "/weights", "readOnly": True},
        }
    ]
    assert spec["triggers"]["http"]["attributes"]["maxRequestBodySize"] == MAX_BODY_BYTES


@given(names=NAMES, title=st.text(min_size=1))
def test_no_name_breaks_the_file(names: list[str], title: str) -> None:
    document = yaml.safe_load(function(labels=names, title=title).to_yaml())
    labels = json.loads(document["metadata"]["annotations"]["spec"])
    assert [label["name"] for label in labels] == list(dict.fromkeys(names))
    assert document["metadata"]["annotations"]["name"] == title


@pytest.mark.parametrize("name", ["true", "123", "1e5"])
def test_a_name_stays_a_string(name: str) -> None:
    assert yaml.safe_load(function(name=name, labels=["car"]).to_yaml())["metadata"]["name"] == name


@pytest.mark.parametrize("name", ["Cars", "my cars", "", "-cars", "a" * 64, "cars_1"])
def test_a_name_that_nuclio_refuses_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="small letters, digits and dashes"):
        function(name=name, labels=["car"])


def test_a_relative_host_path_is_refused() -> None:
    with pytest.raises(SettingsError, match="not absolute"):
        function(weights_path="weights", labels=["car"])


@pytest.mark.parametrize(
    ("text", "name"),
    [("Our Cars (v2)", "our-cars-v2"), ("Машины", "auto-annotate"), ("a" * 80, "a" * 63)],
)
def test_any_text_gives_a_name(text: str, name: str) -> None:
    assert function_name(text) == name
