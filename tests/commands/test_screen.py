"""What a person sees: the commands on a pseudo-terminal, drawn by a terminal emulator."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pyte

from tests.conftest import DEMO, EXAMPLES

COMMAND = [sys.executable, "-c", "from handler.cli import main; main()", "annotate"]


def seen(*arguments: object) -> list[str]:
    """Run `annotate` on a terminal of 160 columns, and return the lines that stay there."""
    screen = pyte.Screen(160, 60)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "160", "LINES": "60", "TERM": "xterm-256color"}
    command = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        while chunk := _read(ours):
            stream.feed(chunk)
    os.close(ours)
    assert process.returncode in (0, 1)
    return [line.rstrip() for line in screen.display if line.strip()]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_lines_stand_above_one_bar_that_is_gone_at_the_end(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(EXAMPLES[0].read_bytes()[:1000])
    lines = seen(*EXAMPLES, broken, "--weights", DEMO / "exported", "--out", tmp_path / "out")
    text = "".join(lines)
    for example in EXAMPLES:
        assert sum(line.startswith(f"{example}: ") for line in lines) == 1
    assert sum(line.startswith(f"{broken} is truncated") for line in lines) == 1
    assert lines[-1].startswith("4 pictures, 32 objects, 1 failed -> ")
    assert "Annotating" not in text
    assert "━" not in text


def test_without_a_terminal_there_is_no_bar(tmp_path: Path) -> None:
    arguments = [EXAMPLES[0], "--weights", DEMO / "exported", "--out", tmp_path / "out"]
    finished = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    assert finished.stderr == ""
    assert len(finished.stdout.splitlines()) == 2
