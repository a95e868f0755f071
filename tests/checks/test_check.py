import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from handler.checks.check import ALL_RULES, file_findings, rule_table
from handler.cli import main
from handler.detection.labels import labels_of
from handler.nuclio.function import Function
from handler.rules.function_file import FunctionFile
from tests.conftest import DEMO, ROOT
from tests.function_files import GOOD, changed

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


def test_no_two_rules_have_one_name() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert sorted(set(names)) == sorted(names)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "function.yaml"
    path.write_text(yaml.safe_dump(GOOD["docker"]))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_a_good_file_ends_with_0_and_a_broken_one_with_1(file: Path) -> None:
    assert run(file).exit_code == 0
    file.write_text(yaml.safe_dump(changed(GOOD["docker"], {"spec eventTimeout": "30s"})))
    result = run(file)
    assert result.exit_code == 1
    assert "eventTimeout is 30s" in result.output
    assert "-> Leave eventTimeout out." in result.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"metadata: [", "is not YAML (line 1"),
        (b"a: b: c", "is not YAML (line 1"),
        (b"", "not one table"),
        (b"- a\n- b\n", "not one table"),
        (b"a: 1\n---\nb: 2\n", "not one table"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"a: \x01", "is not YAML"),
        (b"a: !!python/object:os.system {}", "is not YAML"),
        (b"[" * 5000, "is not YAML"),
    ],
)
def test_what_is_no_function_file_is_one_finding(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    result = run(file, "--json")
    assert result.exit_code == 1
    (finding,) = [f for f in json.loads(result.output) if f["severity"] == "error"]
    assert finding["rule"] == "not-yaml"
    assert message in finding["finding"]


def test_a_file_that_is_not_there_is_one_finding(tmp_path: Path) -> None:
    result = run(tmp_path / "function.yaml")
    assert result.exit_code == 1
    assert "cannot be read (No such file or directory) [not-yaml]" in result.output


def test_everything_at_once_as_json(file: Path, model_of: Callable[[str], Path]) -> None:
    nobody = "http://127.0.0.1:9"
    command = [
        sys.executable,
        "-c",
        "from handler.cli import main; main()",
        "check",
        str(file),
        "--json",
    ]
    options = ["--weights", str(model_of("yolov8n")), "--nuclio", nobody, "--url", nobody]
    # In a process of its own: that of the tests has taken more memory than any function may.
    result = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 1
    errors = {f["rule"] for f in json.loads(result.stdout) if f["severity"] == "error"}
    assert errors == {"weights-labels", "dashboard", "endpoint-reply"}


def test_all_rules_are_listed() -> None:
    listed = run("--list").output
    assert all(rule.name in listed for rule in ALL_RULES)
    names = [rule["name"] for rule in json.loads(run("--list", "--json").output)]
    assert names == [rule.name for rule in ALL_RULES]


def test_fix_shows_the_difference_and_writes_the_file(file: Path) -> None:
    file.write_text(yaml.safe_dump(changed(GOOD["docker"], {"spec eventTimeout": "30s"})))
    result = run("--fix", file)
    assert result.exit_code == 0
    assert "-  eventTimeout: 30s" in result.output
    assert yaml.safe_load(file.read_text()) == GOOD["docker"]
    assert "nothing that --fix can mend" in run("--fix", file).output


def test_fix_needs_a_file_that_is_yaml(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("a: b: c")
    assert "is not YAML" in run("--fix", file).output
    file.unlink()
    monkeypatch.chdir(file.parent)
    assert "There is no function.yaml in this folder: name a file" in run("--fix").output


def test_the_file_in_this_folder_is_meant_if_none_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(yaml.safe_dump(changed(GOOD["docker"], {"spec description": ""})))
    monkeypatch.chdir(file.parent)
    assert "Checking the function.yaml of this folder." in run().stderr
    assert "The function has no description" in run().output


def test_where_nothing_is_checked_nothing_is_said_to_be_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 2
    assert "There is no function.yaml in this folder" in result.stderr


def test_a_file_that_nobody_named_is_not_checked_beside_weights(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("no: function")
    monkeypatch.chdir(file.parent)
    found = json.loads(run("--weights", DEMO / "exported", "--json").stdout)
    assert {each["subject"] for each in found} <= {"weights", "machine"}


def test_the_documented_rules_are_the_code_s() -> None:
    assert rule_table().rstrip() in (ROOT / "docs" / "check.md").read_text()


DOCUMENTS = ["functions.md", "kubernetes.md", "check.md"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_options_in_the_documents_are_the_command_line_s(document: str) -> None:
    text = (ROOT / "docs" / document).read_text().replace("\\\n", " ")
    for line in re.findall(r"^auto-annotate (.*?)(?: +#.*| > .*)?$", text, re.MULTILINE):
        name, *arguments = shlex.split(line)
        command = main.get_command(click.Context(main), name)
        assert command is not None, name
        known = {option for parameter in command.params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_links_in_the_documents_lead_somewhere(document: str) -> None:
    path = ROOT / "docs" / document
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
