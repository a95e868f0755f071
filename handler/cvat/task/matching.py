"""Which labels of a model a task has, and as what shapes its objects go there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from handler.cvat.sdk.labels import Ids, ids_of
from handler.detection.labels import SHAPE_TYPES, Label
from handler.errors import SettingsError

_MOST = 30  # names in one message


@dataclass(frozen=True)
class Matching:
    """What fits.

    labels: for each class of the model its label, of the type that the task takes; None where the
    task has none. ids: the task's own, by name. notes: what the user should know, a line each.
    """

    labels: tuple[Label | None, ...]
    ids: Mapping[str, Ids]
    notes: tuple[str, ...]


def match(label_of_class: Sequence[Label], task: str, existing: Iterable[Any]) -> Matching:
    """Match the model's labels with those of a CVAT task, by name.

    task: of the model, a key of `SHAPE_TYPES`. existing: cvat-sdk's labels of the CVAT task.

    Raises:
        SettingsError: none fits.
    """
    theirs = {label.name: label for label in existing}
    fitting: dict[str, Label] = {}
    notes = []
    for label in dict.fromkeys(label_of_class):
        if label.name not in theirs:
            continue
        kind, note = _type_for(label, task, theirs[label.name])
        if kind is not None:
            fitting[label.name] = replace(label, type=kind)
        if note:
            notes.append(f"{label.name}: {note}")
    ours = {label.name: label.type for label in label_of_class}
    if not fitting:
        raise SettingsError(
            f"No label of the model fits the task. The model has {_listed(ours)}; the task has "
            f"{_listed({name: _type(label) for name, label in theirs.items()})}",
            "Add the model's labels to the task: `auto-annotate function --labels` prints them.",
        )
    missing = {name: kind for name, kind in ours.items() if name not in theirs}
    if missing:
        notes.append(f"not in the task, their objects are left out: {_listed(missing)}")
    labels = tuple(fitting.get(label.name) for label in label_of_class)
    return Matching(labels, ids_of(theirs.values()), tuple(notes))


def _type_for(label: Label, task: str, theirs: Any) -> tuple[str | None, str]:
    """Return the type of shapes that the task's label takes, if the model can give it, and why."""
    kind = _type(theirs)
    possible = SHAPE_TYPES[task]
    if kind == "any":
        if label.type != "skeleton":
            return label.type, ""
        return "points", "its label in the task is no skeleton, so that it gets plain points"
    if kind not in possible:
        return None, f"the task wants {kind}, the model gives {', '.join(possible)}; left out"
    if kind == "skeleton":
        lacking = [point.name for point in theirs.sublabels if point.name not in label.keypoints]
        if lacking:
            return None, f"the model has no keypoint {', '.join(lacking)} of the task; left out"
    if kind != label.type:
        return kind, f"{kind} as the task has it, not {label.type}"
    return kind, ""


def _type(label: Any) -> str:
    return str(getattr(label, "type", "any"))


def _listed(types: Mapping[str, str]) -> str:
    names = [f"{name} ({kind})" for name, kind in types.items()]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return (", ".join(names[:_MOST]) or "none") + more
