"""`auto-annotate function`, and the files in the repository that are its output."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from handler.checks.check import file_findings
from handler.cli import main
from handler.rules.function_file import FunctionFile
from tests.conftest import DEMO, ROOT

RENDERED = [
    shlex.split(line)[1:]
    for line in (ROOT / "scripts" / "functions").read_text().splitlines()
    if line.startswith("render ")
]


@pytest.mark.parametrize("arguments", RENDERED, ids=lambda arguments: arguments[0])
def test_the_files_in_the_repository_are_the_command_s_output(arguments: list[str]) -> None:
    file, *options = arguments
    result = CliRunner().invoke(main, ["function", "--weights", str(DEMO), *options])
    assert result.output == (ROOT / file).read_text(), "Run ./scripts/functions."


def test_options_reach_the_file(model_of: Callable[[str], Path]) -> None:
    weights = model_of("yolov8n")
    options = ["--gpu", "--image", "registry.local/annotate:2", "--name", "cars", "--port", "9001"]
    result = CliRunner().invoke(main, ["function", "--weights", str(weights), *options])
    document = yaml.safe_load(result.output)
    assert document["metadata"]["name"] == "cars"
    assert document["spec"]["image"] == "registry.local/annotate:2"
    assert document["spec"]["triggers"]["http"]["attributes"]["port"] == 9001
    assert document["spec"]["volumes"][0]["volume"]["hostPath"]["path"] == str(weights)
    assert len(json.loads(document["metadata"]["annotations"]["spec"])) == 80


def test_labels_for_the_task_constructor(model_of: Callable[[str], Path]) -> None:
    result = CliRunner().invoke(
        main, ["function", "--weights", str(model_of("yolov8n")), "--labels"]
    )
    assert json.loads(result.output)[79] == {
        "name": "class 79",
        "type": "rectangle",
        "color": "#d98736",
        "attributes": [],
    }


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--replicas", "3"], 2, "'3' is not MIN:MAX"),
        (["--port", "99999"], 1, "Error: Port 99999"),
        (["--platform", "nomad"], 2, "'nomad' is not one of"),
        (["--platform", "kubernetes", "--weights-path", "/w"], 1, "--weights-claim"),
        (["--name", "dashboard"], 1, "the name of a part of Nuclio [platform-name]"),
        (["--image", "Our Image"], 1, "not an image's name [image-reference]"),
    ],
)
def test_a_wrong_option_is_one_line(
    options: list[str], status: int, message: str, model_of: Callable[[str], Path]
) -> None:
    weights = str(model_of("yolov8n"))
    result = CliRunner().invoke(main, ["function", "--weights", weights, *options])
    assert result.exit_code == status
    assert message in result.output


@pytest.mark.parametrize("file", [arguments[0] for arguments in RENDERED])
def test_the_files_in_the_repository_are_clean(file: str) -> None:
    function = FunctionFile.parse((ROOT / file).read_text(), file)
    assert {found.severity for found in file_findings(function)} <= {"info"}
