"""Gzip with the same bytes on any number of cores."""

import gzip
import hashlib
import io
import os
import random

import pytest

from handler.bundle.compression import BLOCK, GzipWriter


def packed(content: bytes, step: int = 70_001) -> tuple[bytes, GzipWriter]:
    file = io.BytesIO()
    with GzipWriter(file) as writer:
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
    return file.getvalue(), writer


def text(size: int) -> bytes:
    words = [random.Random(i).randbytes(5) for i in range(300)]  # noqa: S311
    chosen = random.Random(1).choices(words, k=size // 5 + 1)  # noqa: S311
    return b"".join(chosen)[:size]


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7])
def test_it_is_gzip(size: int) -> None:
    content = text(size)
    result, writer = packed(content)
    assert gzip.decompress(result) == content
    assert writer.size == len(result)
    assert writer.digest == hashlib.sha256(result).hexdigest()
    assert writer.plain_digest == hashlib.sha256(content).hexdigest()


def test_it_is_as_small_as_gzip_s(monkeypatch: pytest.MonkeyPatch) -> None:
    content = text(4 * BLOCK)
    assert len(packed(content)[0]) < 1.001 * len(gzip.compress(content, 6))
    several = packed(content)[0]
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert packed(content, step=BLOCK)[0] == several
