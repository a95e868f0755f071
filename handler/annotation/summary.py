"""What came of pictures, in words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from handler.annotation.pipeline import Annotated


def objects_in(shapes: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how many objects of each label there are; the parts of one share a group."""
    groups = [(shape.get("group_id"), str(shape["label"])) for shape in shapes]
    whole = [label for group, label in groups if group is None]
    parted = [label for group, label in dict.fromkeys(groups) if group is not None]
    return Counter(whole + parted)


def in_words(annotated: Annotated) -> str:
    """Return how many objects of each label there are: `2 car, 1 bus`."""
    counts = objects_in(annotated.shapes)
    if counts:
        return ", ".join(f"{count} {_readable(label)}" for label, count in counts.items())
    if annotated.best is None:
        return "nothing found"
    label, score = annotated.best
    return f"nothing found (best: {_readable(label)} {score:.2f}, below the threshold)"


def _readable(label: str) -> str:
    """Return a label that cannot be taken for a number of objects."""
    return f'"{label}"' if label[:1].isdigit() else label


@dataclass
class Sums:
    """How many pictures were annotated, what was on them, how many failed or were done before."""

    pictures: int = 0
    objects: int = 0
    failed: int = 0
    before: int = 0

    def add(self, annotated: Annotated) -> None:
        """Count one more."""
        if annotated.failure is None:
            self.pictures += 1
            self.objects += objects_in(annotated.shapes).total()
        else:
            self.failed += 1

    def __str__(self) -> str:
        parts = [_counted(self.pictures, "picture"), _counted(self.objects, "object")]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.before} done before"] if self.before else []
        return ", ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
