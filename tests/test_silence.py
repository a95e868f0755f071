"""Nothing tries the network, at import, start or run: whole runs, by their system calls."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import DEMO, EXAMPLES

PROGRAM = str(Path(sys.executable).with_name("auto-annotate"))
# An address of the internet that strace writes, and is not this machine's own.
ADDRESS = re.compile(r'inet_addr\("(?!127\.)[^"]+"\)|inet_pton\(AF_INET6, "(?!::1")[^"]+"')


@pytest.fixture
def outside(tmp_path: Path) -> Callable[..., list[str]]:
    """Return what a command and its children send to the internet: names asked for, connections.

    It runs without this process's environment, in which libraries are told to be quiet.
    """
    if shutil.which("strace") is None:
        if os.environ.get("CI"):
            pytest.fail("strace is not installed, and CI must see what is sent")
        pytest.skip("strace is not installed")

    def run(command: Sequence[str | Path], **environment: str) -> list[str]:
        log = tmp_path / "strace.log"
        calls = "trace=connect,sendto,sendmsg,sendmmsg"
        traced = ("strace", "-f", "-qq", "-e", calls, "-e", "signal=none", "-o", log, *command)
        clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        ended = subprocess.run(
            traced, env=clean | environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return [line for line in log.read_text().splitlines() if ADDRESS.search(line)]

    return run


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('192.0.2.1', 53))",
        "import socket; socket.socket(socket.AF_INET6, 2).connect_ex(('2001:db8::1', 80))",
        "import os, socket; os.fork() or socket.socket(type=2).connect_ex(('192.0.2.1', 80))",
    ],
)
def test_it_sees_what_is_sent(outside: Callable[..., list[str]], code: str) -> None:
    assert outside([sys.executable, "-c", code])


def test_this_machine_s_own_is_not_outside(outside: Callable[..., list[str]]) -> None:
    code = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('127.0.0.1', 53))"
    assert not outside([sys.executable, "-c", code])


@pytest.mark.parametrize("kind", ["ultralytics", "openvino", "onnx", "torchscript"])
def test_a_frame_is_annotated_in_silence(
    outside: Callable[..., list[str]],
    export_of: Callable[..., Path],
    tmp_path: Path,
    kind: str,
) -> None:
    folders = {"ultralytics": DEMO, "openvino": DEMO / "exported"}
    weights = folders[kind] if kind in folders else export_of("yolov8n", kind)
    command = [PROGRAM, "annotate", EXAMPLES[0], "--weights", weights, "--out", tmp_path / "out"]
    assert outside(command) == []


def test_weights_are_exported_in_silence(outside: Callable[..., list[str]], tmp_path: Path) -> None:
    export = [PROGRAM, "export", "--weights", DEMO, "--images", EXAMPLES[0].parent]
    assert outside([*export, "--out", tmp_path / "exported"]) == []


@pytest.mark.parametrize("library", ["nncf", "onnxruntime", "openvino", "torch", "ultralytics"])
def test_a_library_is_imported_in_silence_as_the_handler_does(
    outside: Callable[..., list[str]], library: str
) -> None:
    code = (
        "from handler.models.ultralytics.model import prepare_environment; prepare_environment();"
        f"import {library}"
    )
    assert outside([sys.executable, "-W", "ignore", "-c", code]) == []
