"""The documents as a site: built as ./scripts/docs does, where a warning is an error."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handler.cli import COMMANDS
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_every_document_is_in_the_navigation() -> None:
    configuration = (ROOT / "mkdocs.yml").read_text()
    named = re.findall(r"[\w/-]+\.md", configuration[configuration.index("\nnav:") :])
    there = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(named) == sorted(there)


def test_the_help_of_every_command_is_on_the_page(site: Path) -> None:
    page = (site / "commands.html").read_text()
    for command in COMMANDS:
        assert f"auto-annotate {command} [OPTIONS]" in page


def test_the_site_asks_nothing_of_another_host(site: Path) -> None:
    fetched = re.compile(
        r"""<(?:script|img|iframe|link)[^>]+(?:src|href)=["']?(https?://[^"'\s>]+)"""
    )
    for page in site.rglob("*.html"):
        assert fetched.findall(page.read_text()) == [], page


def test_the_home_page_has_the_five_steps_and_the_three_kinds_of_user(site: Path) -> None:
    page = (site / "index.html").read_text()
    steps = re.findall(r"<li>\s*(?:<p>)?<strong>(\w+)", page)
    assert steps == ["Train", "Put", "Build", "Deploy", "Annotate"]
    for page_of_one in ("annotators.html", "engineers.html", "operators.html"):
        assert page_of_one in page
        assert (site / page_of_one).exists()
