"""Layers, against what Python's tarfile reads in them."""

import io
import tarfile

import pytest

from handler.bundle.layers import copy_layer
from tests.bundle.conftest import EPOCH, tar_of

LONG = "opt/venv/lib/" + "a" * 120 + "/seal-1.0.dist-info/licenses/LICENSE"
FILES = {
    "usr/share/doc/bash/copyright": b"GPL",
    "usr/share/doc/bash/README": b"read me",
    LONG: b"MIT" * 400,
    "opt/venv/lib/old.dist-info/COPYING": b"BSD",
    "opt/venv/lib/old.dist-info/METADATA": b"Name: old",
    "etc/empty": b"",
}
LICENCES = {
    name: FILES[name] for name in FILES if name.endswith(("copyright", "LICENSE", "COPYING"))
}


def copied(tar: bytes, newest: int | None) -> tuple[bytes, dict[str, bytes]]:
    parts: list[bytes] = []
    texts = copy_layer(io.BytesIO(tar), parts.append, newest)
    return b"".join(parts), texts


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_times_are_clamped_and_licences_found(form: int) -> None:
    files = {k: v for k, v in FILES.items() if form != tarfile.USTAR_FORMAT or len(k) < 100}
    tar = tar_of(files, format=form)
    assert copied(tar, None)[0] == tar
    result, texts = copied(tar, EPOCH)
    assert len(result) == len(tar)
    assert texts == {name: text for name, text in LICENCES.items() if name in files}
    with tarfile.open(fileobj=io.BytesIO(result)) as archive:
        found = {
            m.name: (m.mtime, (archive.extractfile(m) or io.BytesIO()).read()) for m in archive
        }
    assert found == {name: (EPOCH, content) for name, content in files.items()}


def test_what_is_older_stays() -> None:
    tar = tar_of(FILES, mtime=EPOCH - 5)
    assert copied(tar, EPOCH)[0] == tar


def test_an_empty_layer() -> None:
    assert copied(bytes(1024), EPOCH) == (bytes(1024), {})


def test_a_layer_that_ends_in_the_middle() -> None:
    with pytest.raises(EOFError, match="ends in the middle"):
        copied(tar_of(FILES)[:600], EPOCH)
