"""What a PyTorch file would import and what it says of itself, read without running it."""

import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from handler.errors import WeightsError

# The first bytes of files that are often saved under a model's name.
_IMPOSTORS = {
    b"version https://git-lfs": ("is a git-LFS pointer", "Run `git lfs pull` and copy it again."),
    b"<": ("is a web page", "Download the file itself, not the page about it."),
}
_STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}


@dataclass(frozen=True)
class Checkpoint:
    """A PyTorch checkpoint as far as its pickle tells.

    imports: names such as `ultralytics.nn.tasks.DetectionModel` that loading would import.
    version: what the key "version" holds, for Ultralytics the version that saved the file.
    """

    imports: frozenset[str]
    version: str | None

    @classmethod
    def inspect(cls, path: Path) -> "Checkpoint":
        """Read the pickle's opcodes; nothing in it is executed.

        Raises:
            WeightsError: the file is empty, truncated, or not a PyTorch checkpoint.
        """
        with path.open("rb") as file:
            _check_start(path, file.read(32))
        try:
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    return cls._from_archive(path, archive)
            with path.open("rb") as file:
                return cls._from_pickle(file)
        except (ValueError, EOFError, UnicodeDecodeError, zipfile.BadZipFile) as error:
            raise WeightsError(
                f"{path} is truncated or not a PyTorch checkpoint ({error})",
                "Copy it again and compare its size with the original's.",
            ) from error

    @classmethod
    def _from_archive(cls, path: Path, archive: zipfile.ZipFile) -> "Checkpoint":
        for name in archive.namelist():
            if name.endswith("/data.pkl"):
                with archive.open(name) as file:
                    return cls._from_pickle(file)
        raise WeightsError(f"{path} is a zip archive without a PyTorch checkpoint in it")

    @classmethod
    def _from_pickle(cls, file: IO[bytes]) -> "Checkpoint":
        imports, version = set(), None
        strings: list[str] = []
        for name, argument in _operations(file):
            if name == "GLOBAL":
                imports.add(argument.replace(" ", "."))
            elif name == "STACK_GLOBAL":
                imports.add(".".join(strings[-2:]))
            elif isinstance(argument, str):
                if strings and strings[-1] == "version":
                    version = argument
                strings.append(argument)
        return cls(frozenset(imports), version)


def _check_start(path: Path, start: bytes) -> None:
    if not start:
        raise WeightsError(f"{path} is empty", "Copy it again.")
    for prefix, (what, remedy) in _IMPOSTORS.items():
        if start.lstrip().startswith(prefix):
            raise WeightsError(f"{path} {what}, not weights", remedy)
    if start.startswith(b"PK") and not zipfile.is_zipfile(path):
        raise WeightsError(
            f"{path} is truncated", "Copy it again and compare its size with the original's."
        )


def _operations(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield the opcodes of a pickle, each string of the memo in place of its reference."""
    memo: dict[int, Any] = {}
    last: Any = None
    argument: Any
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "MEMOIZE":
            memo[len(memo)] = last
        elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[argument] = last
        elif opcode.name in ("GET", "BINGET", "LONG_BINGET"):
            last = memo.get(argument)
            yield opcode.name, last
        else:
            last = argument if opcode.name in _STRINGS else None
            yield opcode.name, argument if opcode.name in (*_STRINGS, "GLOBAL") else None
