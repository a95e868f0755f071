"""The names of a model's classes: as its file has them, and as labels hold them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from handler.detection.labels import check_agreement
from handler.errors import WeightsError

LONGEST = 64  # characters of a label in CVAT, which takes the blanks off its ends, too

_TO_WRITE = "Write {file} beside the weights: one class a line, in the order of training{lines}."


def as_label(name: str) -> str:
    """Return a name as an annotation tool stores it: without blanks at its ends, not too long."""
    return name.strip()[:LONGEST].strip()


@dataclass(frozen=True)
class ClassNames:
    """The names of a network's classes in index order, and what was changed in them, in words."""

    classes: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        written: Any,
        listed: Sequence[str] | None,
        outputs: int | None,
        weights: Path,
        file: Path,
    ) -> Self:
        """Name the classes as the weights do, and as classes.txt does where they do not.

        written: what the weights hold, a list or a table by number, whose numbers can be texts;
            None without names.
        listed: the lines of classes.txt. file: its path, whether it is there or not.
        outputs: how many classes the network answers with; None where that cannot be told.

        Raises:
            WeightsError: a class has no name, or classes.txt says otherwise than the weights.
        """
        raw = _numbered(written, weights)
        names = {index: as_label(name) for index, name in raw.items()}
        count = max(outputs or 0, max(names, default=-1) + 1)
        if listed is None:
            _check_whole(names, count, weights, file)
        else:
            raw = dict(enumerate(listed))
            lines = [as_label(name) for name in listed]
            unnamed = lines + [""] * (count - len(lines))
            check_agreement(
                lines, [names.get(i) or unnamed[i] for i in range(count or len(lines))], file
            )
            names = dict(enumerate(lines))
        return cls(tuple(names[index] for index in range(len(names))), tuple(_changed(raw)))


def _changed(names: Mapping[int, str]) -> Iterator[str]:
    for index, name in sorted(names.items()):
        if as_label(name) != name:
            yield (
                f"class {index}, {name!r}, is the label {as_label(name)!r}: CVAT's have no blanks "
                f"at their ends and {LONGEST} characters at most"
            )


def _numbered(written: Any, weights: Path) -> dict[int, str]:
    """Return names by number; those of a list in its order."""
    try:
        pairs = written.items() if isinstance(written, Mapping) else enumerate(written or ())
        return {int(index): str(name) for index, name in pairs}
    except (TypeError, ValueError):
        raise WeightsError(
            f"The names of {weights} are {str(written)[:60]!r}, not numbered from 0",
            "Save them as a list, or as a table {0: name, 1: name}.",
        ) from None


def _check_whole(names: Mapping[int, str], count: int, weights: Path, file: Path) -> None:
    lines = f", {count} lines" if count else ""
    remedy = _TO_WRITE.format(file=file.name, lines=lines)
    if not names:
        raise WeightsError(f"{weights} carries no class names, and there is no {file}", remedy)
    if max(names) + 1 < count and sorted(names) == list(range(len(names))):
        raise WeightsError(
            f"{weights} has {len(names)} name{'s' * (len(names) != 1)} for the {count} classes "
            "that the network answers with",
            f"{remedy} Or is the list of names of another model?",
        )
    for index in range(count):
        if index not in names:
            raise WeightsError(f"{weights}: class {index} has no name", remedy)
        if not names[index]:
            raise WeightsError(f"{weights}: the name of class {index} is empty", remedy)
