from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from handler.check import file_findings
from handler.function_file import FunctionFile
from handler.labels import labels_of
from handler.nuclio.function import Function

CLASSES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1)


@given(CLASSES, st.sampled_from(["docker", "kubernetes"]), st.booleans(), st.text())
def test_what_is_rendered_is_clean(
    classes: list[str], platform: str, gpu: bool, title: str
) -> None:
    function = Function(
        name="cars",
        title=title,
        description="yolov8n detector",
        image="auto-annotate:1",
        labels=labels_of(classes),
        platform=platform,
        gpu=gpu,
        weights_path=Path("/models/cars") if platform == "docker" else None,
    )
    read = FunctionFile.parse(function.to_yaml(), "function.yaml")
    assert read.platform == platform
    assert {found.severity for found in file_findings(read)} <= {"info"}
    assert [label["name"] for label in read.label_spec] == list(dict.fromkeys(classes))
