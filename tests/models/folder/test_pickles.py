"""Every import of every pickle, beside what Python's own unpickler asks for."""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.pickles import Contents


class _Recording(pickle.Unpickler):
    """Asks for what a pickle imports, and imports nothing."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.asked: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.asked.add(f"{module}.{name}")
        return OrderedDict if (module, name) == ("collections", "OrderedDict") else _Anything


class _Anything:
    def __new__(cls, *_: object) -> "_Anything":
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        pass


class _Calls:
    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


VALUES = [
    {"a": Path("b"), "again": [Path("c"), Path("d")]},
    OrderedDict(one=torch.nn.ReLU, two=(torch.device("cpu"), {"set"}, frozenset("x"))),
    [_Calls(print, "never"), _Calls(print, _Calls(len, "nested"))],
    (1, (2, (3, [4, {5: b"six"}])), None, True, 1.5, 10**40, "text", bytearray(b"7")),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_the_imports_are_those_that_python_would_make(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    recording = _Recording(content)
    recording.load()
    found = Contents()
    found.follow(io.BytesIO(content))
    assert (found.imports, found.is_known) == (recording.asked, True)


NAMES_MADE = [
    b"\x80\x04\x8c\x08builtins\x8c\x03str\x93\x8c\x02os\x85R\x8c\x06system\x93.",
    b"\x80\x04\x8c\x02os]\x93.",
    b"\x80\x02\x82\x01.",
]


@pytest.mark.parametrize("content", NAMES_MADE)
def test_a_name_that_is_made_is_unknown(content: bytes) -> None:
    found = Contents()
    found.follow(io.BytesIO(content))
    assert not found.is_known


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04(\x8c\x01a1\x8c\x02os\x8c\x06system\x940h\x00\x93.",
        b"\x80\x04\x8c\x06system0\x8c\x02os2\x940\x8c\x06system\x93.",
    ],
)
def test_a_name_that_is_written_down_is_known(content: bytes) -> None:
    found = Contents()
    found.follow(io.BytesIO(content))
    assert (found.imports, found.is_known) == ({"os.system"}, True)


def test_every_pickle_of_an_archive_counts(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    torch.save({"weight": torch.zeros(2)}, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other/data.pkl", pickle.dumps(_Calls(print, "x")))
        archive.writestr("archive/extra.pkl", pickle.dumps(Path("y")))
    checkpoint = Checkpoint.inspect(path)
    assert {"builtins.print", "pathlib.PosixPath"} <= checkpoint.imports
    assert checkpoint.is_known
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/broken.pkl", b"\x80\x04nonsense")
    assert not Checkpoint.inspect(path).is_known


@pytest.mark.parametrize("place", range(5))
def test_every_pickle_of_an_old_file_counts(tmp_path: Path, place: int) -> None:
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {"weight": 1}, []]
    content = [pickle.dumps(part, 2) for part in parts]
    if place:
        content[place] = pickle.dumps([parts[place], _Calls(print, "x")], 2)
    path = tmp_path / "best.pt"
    path.write_bytes(b"".join(content) + bytes(64))
    assert Checkpoint.inspect(path).imports == ({"__builtin__.print"} if place else set())


def test_a_pickle_with_a_zip_behind_it_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(pickle.dumps({"weight": 1}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Calls(print, "x")))
    assert not Checkpoint.inspect(path).is_known
