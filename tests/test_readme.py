"""The README's commands, run as they are written."""

import json
import os
import re
import subprocess

import pytest

from tests.conftest import ROOT
from tests.server.processes import running_server

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block_with(text: str) -> str:
    (found,) = [content for _, content in BLOCKS if text in content]
    return str(found)


def bash(command: str) -> str:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],  # noqa: S607
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_the_first_command_gives_what_the_readme_shows() -> None:
    (command,) = block_with("./scripts/run").splitlines()
    (shown,) = [content for kind, content in BLOCKS if kind == "text"]
    assert bash(f"{command} --once") == shown
    assert (ROOT / "annotated" / "notebook-page.jpg").exists()


def test_curl_gets_cvat_s_list() -> None:
    command = block_with("curl -s")
    with running_server() as client:
        printed = bash(command.replace("127.0.0.1:8070", f"127.0.0.1:{client.base_url.port}"))
    assert {shape["type"] for shape in json.loads(printed)} == {"rectangle"}


@pytest.mark.parametrize("path", re.findall(r"\]\(((?!https?:)[^)#]+)\)", README))
def test_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("script", sorted(set(re.findall(r"\./scripts/[a-z-]+", README))))
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
