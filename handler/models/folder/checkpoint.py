"""What a file of weights would import and what it says of itself, read without running it."""

import json
import pickle
import pickletools
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from handler.errors import WeightsError
from handler.models.folder import metadata, onnx_header

# The first bytes of files that are often saved under a model's name.
_IMPOSTORS = {
    b"version https://git-lfs": ("is a git-LFS pointer", "Run `git lfs pull` and copy it again."),
    b"\x89HDF": ("is a Keras or HDF5 file", "Served are models of PyTorch; see docs/families."),
}
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body)\b", re.IGNORECASE)
_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)  # torch.serialization.MAGIC_NUMBER
_TENSORS = 4  # enough to know a network by
_VERSIONS = ("version", "mmcv_version", "mmengine_version")  # of Ultralytics, MMCV and MMEngine
_STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}


@dataclass(frozen=True)
class Checkpoint:
    """Weights as far as they tell without being run.

    imports: names such as `ultralytics.nn.tasks.DetectionModel` that loading would import.
    version: what the key "version" holds, for Ultralytics the version that saved the file.
    kind: a pickle, TorchScript, ONNX, a folder of OpenVINO, or the code of a plugin, of which
        nothing is read.
    tensors: the names of the first parameters.
    metadata: what was written beside the network, such as the task and names of an export, or the
        version of MMCV.
    """

    imports: frozenset[str]
    version: str | None
    kind: Literal["pickle", "torchscript", "onnx", "openvino", "code"] = "pickle"
    tensors: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def inspect(cls, path: Path) -> "Checkpoint":
        """Read the pickle's opcodes; nothing in it is executed.

        Raises:
            WeightsError: the file is empty, truncated, or of no kind that is known.
        """
        if path.is_dir():
            return cls(frozenset(), None, "openvino", metadata=metadata.of_openvino(path))
        with path.open("rb") as file:
            start = file.read(32)
        _check_start(path, start)
        if onnx_header.is_onnx(start):
            return cls(frozenset(), None, "onnx", metadata=onnx_header.metadata(path))
        try:
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    return cls._from_archive(path, archive)
            with path.open("rb") as file:
                _skip_preamble(file)
                return cls._from_pickle(file)
        except (ValueError, EOFError, UnicodeDecodeError, zipfile.BadZipFile) as error:
            raise WeightsError(
                f"{path} is truncated or not a PyTorch checkpoint ({error})",
                "Copy it again and compare its size with the original's.",
            ) from error

    @classmethod
    def _from_archive(cls, path: Path, archive: zipfile.ZipFile) -> "Checkpoint":
        for name in archive.namelist():
            if name.endswith("/constants.pkl"):
                return cls(frozenset(), None, "torchscript", metadata=_metadata(archive))
        for name in archive.namelist():
            if name.endswith("/data.pkl"):
                with archive.open(name) as file:
                    return cls._from_pickle(file)
        raise WeightsError(f"{path} is a zip archive without a PyTorch checkpoint in it")

    @classmethod
    def _from_pickle(cls, file: IO[bytes]) -> "Checkpoint":
        imports: set[str] = set()
        versions: dict[str, str] = {}
        tensors: list[str] = []
        strings: list[str] = []
        for name, argument in _operations(file):
            if name == "GLOBAL":
                imports.add(argument.replace(" ", "."))
            elif name == "STACK_GLOBAL":
                imports.add(".".join(strings[-2:]))
            elif isinstance(argument, str):
                if strings and strings[-1] in _VERSIONS:
                    versions.setdefault(strings[-1], argument)
                elif argument.endswith((".weight", ".bias")) and len(tensors) < _TENSORS:
                    tensors.append(argument)
                strings.append(argument)
        version = versions.pop("version", None)
        return cls(frozenset(imports), version, tensors=tuple(tensors), metadata=versions)


def _check_start(path: Path, start: bytes) -> None:
    if not start:
        raise WeightsError(f"{path} is empty", "Copy it again.")
    for prefix, (what, remedy) in _IMPOSTORS.items():
        if start.lstrip().startswith(prefix):
            raise WeightsError(f"{path} {what}, not weights", remedy)
    if _PAGE.match(start):
        raise WeightsError(
            f"{path} is a web page, not weights", "Download the file itself, not the page about it."
        )
    if path.suffix == ".onnx" and not onnx_header.is_onnx(start):
        raise WeightsError(
            f"{path} is truncated or not an ONNX model",
            "Copy it again and compare its size with the original's.",
        )
    if path.suffix == ".xml":
        raise WeightsError(
            f"{path} is not one of OpenVINO with its .bin beside it",
            "Copy the whole folder that the export wrote.",
        )
    if start.startswith(b"PK") and not zipfile.is_zipfile(path):
        raise WeightsError(
            f"{path} is truncated", "Copy it again and compare its size with the original's."
        )


def _skip_preamble(file: IO[bytes]) -> None:
    """Go to the pickle that counts: torch before 1.6 writes three small ones before it."""
    if file.read(len(_MAGIC)) != _MAGIC:
        file.seek(0)
        return
    for _ in ("protocol", "sizes of integers"):
        for _ in pickletools.genops(file):
            pass


def _metadata(archive: zipfile.ZipFile) -> Any:
    """Return what Ultralytics writes into a TorchScript archive, `extra/config.txt`."""
    for name in archive.namelist():
        if name.endswith("/extra/config.txt"):
            return json.loads(archive.read(name))
    return {}


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
