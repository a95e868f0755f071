"""Gzip that gives the same bytes whenever and on however many cores it runs.

The stream is cut into blocks that are compressed side by side, each with the end of the one before
as its dictionary (RFC 1951, RFC 1952; pigz does the same): the result is one gzip member, within a
thousandth of what `gzip -6` makes.
"""

import hashlib
import os
import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO, Self

BLOCK = 1 << 20  # bytes
_WINDOW = 1 << 15  # what deflate looks back
_LEVEL = 6
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time, no operating system


class GzipWriter:
    """Writes a gzip stream into a file, and counts and hashes both sides of it.

    After `with`: `digest` and `size` (bytes) of what was written, `plain_digest` of what came in;
    digests are SHA-256 in hex.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._pending = bytearray()
        self._window = b""
        self._checksum, self._plain_size = 0, 0
        self._plain_hash, self._hash = hashlib.sha256(), hashlib.sha256()
        self._threads = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
        self._blocks: deque[Future[bytes]] = deque()
        self.size = 0

    def __enter__(self) -> Self:
        self._put(_HEADER)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._threads.shutdown(cancel_futures=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the gzip file, in hex."""
        return self._hash.hexdigest()

    @property
    def plain_digest(self) -> str:
        """SHA-256 of what was compressed, in hex."""
        return self._plain_hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Compress `data`, soon."""
        self._pending += data
        while len(self._pending) >= BLOCK:
            block = bytes(self._pending[:BLOCK])
            del self._pending[:BLOCK]
            self._compress(block, last=False)

    def _compress(self, block: bytes, *, last: bool) -> None:
        self._blocks.append(self._threads.submit(_deflate, block, self._window, last))
        self._plain_hash.update(block)
        self._checksum = zlib.crc32(block, self._checksum)
        self._plain_size += len(block)
        self._window = block[-_WINDOW:]
        while len(self._blocks) > 2 * (os.cpu_count() or 1):
            self._put(self._blocks.popleft().result())

    def _finish(self) -> None:
        self._compress(bytes(self._pending), last=True)
        while self._blocks:
            self._put(self._blocks.popleft().result())
        self._put(struct.pack("<II", self._checksum, self._plain_size & 0xFFFFFFFF))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)


def _deflate(block: bytes, window: bytes, last: bool) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=window)
    return packer.compress(block) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
