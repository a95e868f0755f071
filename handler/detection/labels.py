"""The classes of a model and the labels that CVAT shows for them."""

import colorsys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from handler.errors import SettingsError, WeightsError, nearest

# What the objects of a task can become in CVAT; the first is the default.
SHAPE_TYPES = {
    "detect": ("rectangle", "polygon", "ellipse"),
    "obb": ("rectangle", "polygon", "ellipse"),
    "segment": ("mask", "polygon", "rectangle"),
    "semantic": ("mask", "polygon"),
    "pose": ("skeleton", "points", "rectangle"),
    "classify": ("tag",),
}


@dataclass(frozen=True)
class Label:
    """One label: its name and the CVAT shape type of its objects.

    keypoints: the names of a skeleton's points. edges: pairs of indices into them.
    attributes: the names of its text attributes.
    """

    name: str
    type: str = "rectangle"
    keypoints: tuple[str, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()
    attributes: tuple[str, ...] = ()

    @property
    def color(self) -> tuple[int, int, int]:
        """The label's colour (RGB, 0..255), the same wherever the name is the same."""
        hue = zlib.crc32(self.name.encode()) % 360 / 360
        red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.85)
        return round(red * 255), round(green * 255), round(blue * 255)


def labels_of(
    classes: Sequence[str],
    task: str = "detect",
    label_types: Mapping[str, str] | None = None,
    score_attribute: str | None = None,
) -> tuple[Label, ...]:
    """Return a label for each name, once: classes of one name share a label.

    Raises:
        SettingsError: `label_types` names no class, or a type that the task does not give.
    """
    types = label_types or {}
    check_names(types, classes, "label_types")
    possible = SHAPE_TYPES[task]
    for name, shape_type in types.items():
        if shape_type not in possible:
            raise SettingsError(
                f"model.yaml: label_types: {name!r} cannot be {shape_type!r}",
                f"The task {task} gives: {', '.join(possible)}.",
            )
    attributes = () if score_attribute is None else (score_attribute,)
    return tuple(
        Label(name, types.get(name, possible[0]), attributes=attributes)
        for name in dict.fromkeys(classes)
    )


def check_names(names: Iterable[str], classes: Sequence[str], key: str) -> None:
    """Check that each name under a key of model.yaml is one of the classes.

    Raises:
        SettingsError: one is not.
    """
    for name in names:
        if name not in classes:
            raise SettingsError(
                f"model.yaml: {key}: the model has no class {name!r}", nearest(name, set(classes))
            )


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
