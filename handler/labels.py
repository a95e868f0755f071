"""The classes of a model and the labels that CVAT shows for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handler.errors import WeightsError


@dataclass(frozen=True)
class Label:
    """One label: its name and the CVAT shape type of its objects."""

    name: str
    type: str = "rectangle"


def labels_of(classes: Sequence[str]) -> tuple[Label, ...]:
    """Return a label for each name, once: classes of one name share a label."""
    return tuple(Label(name) for name in dict.fromkeys(classes))


def read_classes(path: Path) -> tuple[str, ...]:
    """Read a class list: one name a line, in index order; empty lines at the end are ignored.

    Raises:
        WeightsError: the file is not UTF-8 text, is empty, or has an empty line in between.
    """
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").rstrip().splitlines()]
    except UnicodeDecodeError:
        raise WeightsError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from None
    if not lines:
        raise WeightsError(f"{path} is empty", "Write one class a line, in index order.")
    if "" in lines:
        raise WeightsError(
            f"{path}: line {lines.index('') + 1} is empty, which would shift the classes below it",
            "Write one class a line, in index order.",
        )
    return tuple(lines)


def check_agreement(listed: Sequence[str], trained: Sequence[str], path: Path) -> None:
    """Check that a class list says what the weights say.

    Raises:
        WeightsError: they differ; the message shows the first difference.
    """
    for index, (ours, theirs) in enumerate(zip(listed, trained, strict=False)):
        if ours != theirs:
            raise WeightsError(
                f"{path}: line {index + 1} is {ours!r}, "
                f"but class {index} of the weights is {theirs!r}",
                "Correct the list, or remove it: the weights carry the names.",
            )
    if len(listed) != len(trained):
        raise WeightsError(
            f"{path} has {len(listed)} classes, the weights have {len(trained)}",
            "Correct the list, or remove it: the weights carry the names.",
        )
