from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handler.cli import main
from handler.models import libraries
from tests.conftest import DEMO, EXAMPLES
from tests.cvat_server import TOKEN, Server, Task, label, running

PICTURES = [(path.name, path.read_bytes()) for path in EXAMPLES[:2]]


@pytest.fixture
def double() -> Iterator[Server]:
    names = (DEMO / "classes.txt").read_text().split()
    labels = [label(name, number, "rectangle") for number, name in enumerate(names)]
    with running({number: Task(labels, list(PICTURES)) for number in (1, 2)}) as server:
        yield server


def run(*arguments: str | int | Path, token: str = TOKEN) -> Result:
    environment = {"CVAT_ACCESS_TOKEN": token} if token else {}
    return CliRunner().invoke(
        main, ["task", *map(str, arguments), "--weights", str(DEMO / "exported")], env=environment
    )


def test_tasks_are_annotated_one_after_the_other(double: Server) -> None:
    double.tasks[2].frames[1] = ("broken.jpg", b"no picture")
    result = run(double.url, 1, 2)
    assert result.exit_code == 1
    first, second = result.stdout.splitlines()
    count = len(double.tasks[1].shapes)
    assert first == f"task 1: {count} annotations on 2 frames"
    assert second.endswith("on 2 frames, 1 frames failed")
    assert "broken.jpg is not a picture" in result.stderr
    assert count > len(double.tasks[2].shapes) > 0


def test_the_token_comes_from_a_file_as_well(double: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert run(double.url, 1, "--token-file", file, token="").exit_code == 0
    assert double.tasks[1].shapes


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "Error: There is no access token in CVAT_ACCESS_TOKEN"),
        ("wrong", "does not know the token: task 1. Make a personal access token"),
    ],
)
def test_a_token_that_lacks_or_is_wrong_is_one_line(double: Server, token: str, words: str) -> None:
    result = run(double.url, 1, token=token)
    assert result.exit_code == 1
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_wrong_use_is_told(double: Server) -> None:
    assert run(double.url).exit_code == 2
    assert run(double.url, 1, "--clear-existing", "--only-empty").exit_code == 2


def test_without_cvat_sdk_it_says_what_to_install(
    double: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda _: None)
    result = run(double.url, 1)
    assert result.exit_code == 1
    assert "needs cvat_sdk, which is not here. Install it: pip install" in result.stderr


def test_help_shows_examples() -> None:
    assert "auto-annotate task http://localhost:8080 7" in run("--help").stdout
