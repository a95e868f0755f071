"""What an ONNX file says of itself, and the names of its operations, without its numbers.

The fields of `ModelProto`, `GraphProto` and `NodeProto` are those of onnx/onnx.proto, the encoding
is that of protocol buffers
(https://protobuf.dev/programming-guides/encoding).
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handler.errors import WeightsError

_IR_VERSION, _PRODUCER, _METADATA = 1, 2, 14
_KEY, _VALUE = 1, 2
_GRAPH, _NODE, _OPERATION = 7, 1, 4
_ANSWER, _NAME = 12, 1  # of GraphProto and ValueInfoProto
# What computes in whole numbers, or stands around what does.
_QUANTISED = {
    "ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv",
    "QLinearMatMul", "QuantizeLinear",
}  # fmt: skip
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}  # wire types of a fixed length


def is_onnx(start: bytes) -> bool:
    """Tell whether a file's first bytes are those of an ONNX model: a small `ir_version`."""
    return len(start) > 3 and start[0] == _IR_VERSION << 3 and start[1] < 32 and start[2] & 7 < 6


def metadata(path: Path) -> dict[str, str]:
    """Return the model's `metadata_props`, and its `producer_name` as "producer".

    Raises:
        WeightsError: the file ends before its last field does.
    """
    found = {}
    with _opened(path) as content:
        for number, start, end in _fields(content, 0, len(content)):
            if number == _PRODUCER:
                found["producer"] = content[start:end].decode()
            elif number == _METADATA:
                entry = {n: content[a:b].decode() for n, a, b in _fields(content, start, end)}
                found[entry.get(_KEY, "")] = entry.get(_VALUE, "")
    return found


def is_quantised(path: Path) -> bool:
    """Tell whether a network computes in whole numbers. Raises as `metadata` does."""
    with _opened(path) as content:
        return not _QUANTISED.isdisjoint(_texts(content, _NODE, _OPERATION))


def answers(path: Path) -> tuple[str, ...]:
    """Return the names of a network's answers. Raises as `metadata` does."""
    with _opened(path) as content:
        return tuple(_texts(content, _ANSWER, _NAME))


def _texts(content: mmap.mmap, part: int, field: int) -> Iterator[str]:
    """Yield a text field of each part of one kind that the graph has."""
    for graph, *of_graph in _fields(content, 0, len(content)):
        if graph == _GRAPH:
            for kind, *of_part in _fields(content, *of_graph):
                if kind == part:
                    for number, a, b in _fields(content, *of_part):
                        if number == field:
                            yield content[a:b].decode()


@contextmanager
def _opened(path: Path) -> Iterator[mmap.mmap]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            yield content
        except (IndexError, ValueError) as error:
            raise WeightsError(
                f"{path} looks like ONNX, but is truncated or damaged",
                "Copy it again and compare its size with the original's.",
            ) from error


def _fields(content: mmap.mmap, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield each field's number and where its content starts and ends."""
    while position < end:
        tag, position = _varint(content, position)
        wire_type, start = tag & 7, position
        if wire_type == _VARINT:
            _, position = _varint(content, position)
        elif wire_type == _BYTES:
            length, start = _varint(content, position)
            position = start + length
        elif wire_type in _FIXED:
            position += _FIXED[wire_type]
        else:
            raise ValueError
        if position > end:
            raise ValueError
        yield tag >> 3, start, position


def _varint(content: mmap.mmap, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
