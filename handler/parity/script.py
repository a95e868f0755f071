"""The team's own script: a file with a function `predict`, or a program that prints boxes."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handler.detection.detections import Detections
from handler.errors import AnnotateError, SettingsError
from handler.parity.answers import of_rows
from handler.parity.runner import rows_of

_SECONDS = 600  # for one picture


class ScriptError(AnnotateError):
    """A script that failed on one picture."""

    code = "script_failed"


class Script:
    """A script, asked picture by picture.

    With a function `predict(path)` it is imported once, else it is run as `python FILE PICTURE`.
    """

    def __init__(self, file: Path, classes: Sequence[str]) -> None:
        self.file = file
        self._classes = list(classes)
        self._process: subprocess.Popen[str] | None = None
        if _has_predict(file):
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "handler.parity.runner", str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def answer(self, picture: Path) -> Detections:
        """Return what the script finds on a picture.

        Raises:
            ScriptError: it failed on this one.
            SettingsError: it does not run at all.
        """
        rows = self._called(picture) if self._process else self._run(picture)
        try:
            return of_rows([self._numbered(row) for row in rows])
        except (ValueError, TypeError) as error:
            raise ScriptError(
                f"{self.file}: {error}",
                "A box is x1 y1 x2 y2 score class, in pixels of the picture.",
            ) from None

    def _called(self, picture: Path) -> list[Any]:
        process = self._process
        assert process is not None  # noqa: S101
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        line = ""
        if process.poll() is None:
            try:
                process.stdin.write(f"{picture.resolve()}\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except BrokenPipeError:
                pass
        if not line:
            process.wait()
            said = process.stderr.read() if process.stderr else ""
            raise SettingsError(f"{self.file} fails: {_last_line(said)}", "Run it by itself first.")
        said = json.loads(line)
        if "error" in said:
            raise ScriptError(f"{self.file}: {said['error']}")
        return list(said["rows"])

    def _run(self, picture: Path) -> list[Any]:
        command = [sys.executable, str(self.file), str(picture)]
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise ScriptError(f"{self.file}: no answer within {_SECONDS} seconds") from None
        if done.returncode:
            raise ScriptError(f"{self.file}: {_last_line(done.stderr)}")
        return printed_rows(done.stdout)

    def _numbered(self, row: Sequence[Any]) -> list[float]:
        """Return a row with its class as an index."""
        numbers = list(row)
        if len(row) > 5 and isinstance(row[5], str) and not re.fullmatch(r"[\d.]+", row[5]):
            if row[5] not in self._classes:
                raise ValueError(f"the model has no class {row[5]!r}")
            numbers[5] = self._classes.index(row[5])
        return [float(number) for number in numbers]


def printed_rows(text: str) -> list[Any]:
    """Return the boxes that a program printed: JSON, or a line of numbers for each box.

    Lines of another kind are passed over.
    """
    try:
        return rows_of(json.loads(text))
    except (ValueError, TypeError, KeyError):
        words = [re.split(r"[\s,;]+", line.strip()) for line in text.splitlines()]
        return [each for each in words if len(each) in (6, 7) and all(map(_is_number, each[:5]))]


def _is_number(word: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", word, re.IGNORECASE) is not None


def _has_predict(file: Path) -> bool:
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{file} is no Python script: {error}") from None
    return any(isinstance(node, ast.FunctionDef) and node.name == "predict" for node in tree.body)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]
