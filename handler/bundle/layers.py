"""The tar of an image's layer, copied with its times clamped and its licence texts picked out.

Blocks, fields and types of headers: POSIX pax (ustar), and GNU tar's long names and sizes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

_BLOCK = 512
_CHUNK = 1 << 20
_MTIME, _CHECKSUM = slice(136, 148), slice(148, 156)
_LARGEST_TEXT = 1 << 20

# Debian's, and those of Python's packages (PEP 639 and before it).
_LICENCE = re.compile(
    r"(usr/share/doc/[^/]+/copyright"
    r"|.*\.(?:dist|egg)-info/(?:licenses/.*|(?:LICEN[CS]E|COPYING|NOTICE|COPYRIGHT|AUTHORS)[^/]*)"
    r"|usr/share/common-licenses/[^/]+)"
)


class Source(Protocol):
    """What a layer is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none at the end."""


@dataclass
class _Header:
    """One header of a tar, with the name and size that pax and GNU records before it gave."""

    block: bytes
    name: str
    size: int

    @property
    def kind(self) -> bytes:
        return self.block[156:157]

    def clamped(self, newest: int) -> bytes:
        """Return the header with a time of at most `newest`, in seconds since 1970."""
        if _number(self.block[_MTIME]) <= newest:
            return self.block
        block = bytearray(self.block)
        block[_MTIME] = b"%011o\0" % newest
        block[_CHECKSUM] = b" " * 8
        block[_CHECKSUM] = b"%06o\0 " % sum(block)
        return bytes(block)


def copy_layer(
    source: Source, write: Callable[[bytes], object], newest: int | None = None
) -> dict[str, bytes]:
    """Copy a layer's tar and return the licence texts in it, by path.

    newest: no file is newer, in seconds since 1970; None leaves the layer as it is.
    """
    texts = {}
    for header in _headers(source, write):
        write(header.block if newest is None else header.clamped(newest))
        wanted = header.kind in b"0\0" and 0 < header.size <= _LARGEST_TEXT
        if wanted and _LICENCE.fullmatch(header.name):
            texts[header.name] = _read(source, header.size)
            write(texts[header.name] + _padding(header.size))
            _read(source, len(_padding(header.size)))
        else:
            _pass_on(source, write, header.size + len(_padding(header.size)))
    return texts


def _headers(source: Source, write: Callable[[bytes], object]) -> Iterator[_Header]:
    """Give each file's header, after its records; at the end pass on what fills the tar up."""
    name, size = None, None
    while any(block := _read(source, _BLOCK)):
        header = _Header(block, _name(block), _number(block[124:136]))
        if header.kind not in b"xgLK":
            header.name = (name or header.name).removeprefix("./")
            header.size = header.size if size is None else size
            yield header
            name, size = None, None
            continue
        record = _read(source, header.size)
        _pad = _read(source, len(_padding(header.size)))
        write(block + record + _pad)
        if header.kind == b"L":
            name = record.rstrip(b"\0").decode(errors="replace")
        if header.kind == b"x":
            fields = dict(re.findall(rb"\d+ (path|size)=(.*)\n", record))
            name = fields[b"path"].decode(errors="replace") if b"path" in fields else name
            size = int(fields[b"size"]) if b"size" in fields else size
    write(block)
    while rest := source.read(_CHUNK):
        write(rest)


def _name(block: bytes) -> str:
    parts = [block[345:500], block[:100]] if block[257:262] == b"ustar" else [block[:100]]
    names = [part.split(b"\0")[0].decode(errors="replace") for part in parts]
    return "/".join(filter(None, names)) if block[257:263] == b"ustar\0" else names[-1]


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU tar: binary, where octal has no room
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _read(source: Source, size: int) -> bytes:
    parts = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    if size and parts:
        raise EOFError("the tar of a layer ends in the middle")
    return b"".join(parts)


def _pass_on(source: Source, write: Callable[[bytes], object], size: int) -> None:
    while size:
        part = _read(source, min(size, _CHUNK))
        if not part:
            raise EOFError("the tar of a layer ends in the middle")
        write(part)
        size -= len(part)
