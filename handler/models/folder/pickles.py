"""What pickles would import, followed opcode by opcode; nothing in them is executed.

The opcodes and what they take from the stack and put on it are those of `pickletools`.
"""

import io
import pickle
import pickletools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)  # torch.serialization.MAGIC_NUMBER
_OF_TORCH = 5  # pickles in a file of torch before 1.6: magic, protocol, sizes, the model, storages

_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}
_BYTES = {"STRING", "BINSTRING", "SHORT_BINSTRING"}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}
_BY_NUMBER = {"EXT1", "EXT2", "EXT4"}  # names that another program registered
_MARK = object()


@dataclass
class Contents:
    """What is in one pickle or in several.

    imports: names such as `ultralytics.nn.tasks.DetectionModel`. texts: every text, in its order.
    is_known: False where a name is not written down but made of something, or a pickle cannot be
        read: then anything may be imported.
    """

    imports: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    is_known: bool = True

    def follow(self, pickled: IO[bytes]) -> None:
        """Add what one pickle holds, and leave the file where it ends.

        Raises:
            ValueError, EOFError, UnicodeDecodeError: it is none, or ends too early.
        """
        stack: list[Any] = []
        memo: dict[int, Any] = {}
        for opcode, argument, _ in pickletools.genops(pickled):
            self._step(opcode, argument, stack, memo)

    def _step(self, opcode: Any, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
        name = opcode.name
        if name in _TEXTS or name in _BYTES:
            stack.append(argument)
            self.texts.append(argument)
        elif name in ("GLOBAL", "INST"):
            self.imports.add(argument.replace(" ", "."))
            if name == "INST":
                _to_mark(stack)
            stack.append(None)
        elif name == "STACK_GLOBAL":
            self._named(_pop(stack, 2))
            stack.append(None)
        elif name in _BY_NUMBER:
            self.is_known = False
            stack.append(None)
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1] if stack else None
        elif name in _PUTS:
            memo[argument] = stack[-1] if stack else None
        elif name in _GETS:
            stack.append(memo.get(argument))
            if isinstance(stack[-1], str):
                self.texts.append(stack[-1])
        elif name == "DUP":
            stack.append(stack[-1] if stack else None)
        elif name == "MARK":
            stack.append(_MARK)
        else:
            _pass(opcode, stack)

    def _named(self, parts: list[Any]) -> None:
        if len(parts) == 2 and all(isinstance(part, str) for part in parts):
            self.imports.add(".".join(parts))
        else:
            self.is_known = False


def _pop(stack: list[Any], count: int) -> list[Any]:
    taken = stack[-count:]
    del stack[-count:]
    return taken


def _to_mark(stack: list[Any]) -> None:
    while stack and stack.pop() is not _MARK:
        pass


def _pass(opcode: Any, stack: list[Any]) -> None:
    """Take from the stack and put on it what an opcode without names does."""
    if opcode.name == "POP":
        _pop(stack, 1)
        return
    before = list(opcode.stack_before)
    if pickletools.markobject in before:
        _to_mark(stack)
        before = before[: before.index(pickletools.markobject)]
    if before:
        _pop(stack, len(before))
    stack.extend(None for _ in opcode.stack_after)


def of_file(file: IO[bytes]) -> tuple[Contents, Contents]:
    """Return what the pickle that counts holds, and what all of a file's do.

    Torch before 1.6 writes three small ones before it and one after it, and loads them all.

    Raises:
        ValueError, EOFError, UnicodeDecodeError: the file does not begin with a pickle.
    """
    is_of_torch = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    every = []
    for _ in range(_OF_TORCH if is_of_torch else 1):
        found = Contents()
        found.follow(file)
        every.append(found)
    return every[3 if is_of_torch else 0], together(every)


def of_members(pickles: Iterable[bytes]) -> Iterator[Contents]:
    """Yield what each pickle of an archive holds, as far as it can be read."""
    for content in pickles:
        found = Contents()
        try:
            found.follow(io.BytesIO(content))
        except (ValueError, EOFError, UnicodeDecodeError):
            found.is_known = False
        yield found


def together(every: Iterable[Contents]) -> Contents:
    """Return the contents of several pickles as one."""
    whole = Contents()
    for each in every:
        whole.imports |= each.imports
        whole.texts += each.texts
        whole.is_known &= each.is_known
    return whole
