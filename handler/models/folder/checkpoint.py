"""What a file of weights would import and what it says of itself, read without running it."""

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Literal

from handler.errors import WeightsError
from handler.models.folder import metadata, onnx_header, pickles

# The first bytes of files that are often saved under a model's name.
_IMPOSTORS = {
    b"version https://git-lfs": ("is a git-LFS pointer", "Run `git lfs pull` and copy it again."),
    b"\x89HDF": ("is a Keras or HDF5 file", "Served are models of PyTorch; see docs/families."),
}
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body)\b", re.IGNORECASE)
_ZIP = b"PK\x03\x04"
_TENSORS = 4  # enough to know a network by
_VERSIONS = ("version", "mmcv_version", "mmengine_version")  # of Ultralytics, MMCV and MMEngine


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
    is_known: False where it might import more than `imports`, because a name in it is not written
        down but made, or a part of it cannot be read.
    answers: of an ONNX file, the names of what the network answers with.
    """

    imports: frozenset[str]
    version: str | None
    kind: Literal["pickle", "torchscript", "onnx", "openvino", "code"] = "pickle"
    tensors: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    is_known: bool = True
    answers: tuple[str, ...] = ()

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
            return cls(
                frozenset(),
                None,
                "onnx",
                metadata=onnx_header.metadata(path),
                answers=_answers(path),
            )
        try:
            if start.startswith(_ZIP):  # as torch tells it
                with zipfile.ZipFile(path) as archive:
                    return cls._from_archive(path, archive)
            with path.open("rb") as file:
                found, every = pickles.of_file(file)
            if zipfile.is_zipfile(path):  # also one, to whoever looks at its end
                every.is_known = False
            return cls._of(found, every)
        except (ValueError, EOFError, UnicodeDecodeError, zipfile.BadZipFile) as error:
            if _is_text(start):
                raise WeightsError(
                    f"{path} is a text file, not weights",
                    "Name the model folder, or the best.pt in it.",
                ) from None
            raise WeightsError(
                f"{path} is truncated or not a PyTorch checkpoint ({error})",
                "Copy it again and compare its size with the original's.",
            ) from error

    @classmethod
    def _from_archive(cls, path: Path, archive: zipfile.ZipFile) -> "Checkpoint":
        for name in archive.namelist():
            if name.endswith("/constants.pkl"):
                return cls(frozenset(), None, "torchscript", metadata=_metadata(archive))
        names = [name for name in archive.namelist() if name.endswith(".pkl")]
        main = next((name for name in names if name.endswith("/data.pkl")), None)
        if main is None:
            raise WeightsError(f"{path} is a zip archive without a PyTorch checkpoint in it")
        with archive.open(main) as file:
            found = pickles.Contents()
            found.follow(file)
        rest = (archive.read(name) for name in names if name != main)
        return cls._of(found, pickles.together([found, *pickles.of_members(rest)]))

    @classmethod
    def _of(cls, found: pickles.Contents, every: pickles.Contents) -> "Checkpoint":
        versions: dict[str, str] = {}
        for key, value in pairwise(found.texts):
            if key in _VERSIONS:
                versions.setdefault(key, value)
        tensors = (text for text in found.texts if text.endswith((".weight", ".bias")))
        return cls(
            frozenset(every.imports),
            versions.pop("version", None),
            tensors=tuple(islice(tensors, _TENSORS)),
            metadata=versions,
            is_known=every.is_known,
        )


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


def _is_text(start: bytes) -> bool:
    """Tell whether people wrote a file, by its first bytes; a character can be cut in two."""
    return "".join(start.decode("utf-8", errors="ignore").split()).isprintable()


def _metadata(archive: zipfile.ZipFile) -> Any:
    """Return what Ultralytics writes into a TorchScript archive, `extra/config.txt`."""
    for name in archive.namelist():
        if name.endswith("/extra/config.txt"):
            return json.loads(archive.read(name))
    return {}


def _answers(path: Path) -> tuple[str, ...]:
    try:
        return onnx_header.answers(path)
    except WeightsError:  # the metadata were read: what else is wrong the engine says
        return ()
