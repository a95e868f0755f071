"""The shell scripts, read by shellcheck."""

import os
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

FOLDERS = (".ci/run", "deploy/image/*", "findings/*.sh", "handler/bundle/closed/*", "scripts/*")
SCRIPTS = sorted(
    path.relative_to(ROOT)
    for pattern in FOLDERS
    for path in ROOT.glob(pattern)
    if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"#!/bin/bash"))
)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_shellcheck_has_no_complaint(script: str) -> None:
    if shutil.which("shellcheck") is None:
        if os.environ.get("CI"):
            pytest.fail("shellcheck is not installed, and CI must check the scripts")
        pytest.skip("shellcheck is not installed")
    command = ["shellcheck", script]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
