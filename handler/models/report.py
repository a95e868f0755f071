"""What a model folder holds, in words: family, task, labels, and what loading it would import."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handler.labels import Label
from handler.models import families
from handler.models.folder import ModelFolder
from handler.service import Service

_OF_EVERY_CHECKPOINT = ("torch.", "numpy.", "collections.", "_codecs.", "builtins.", "__builtin__.")


@dataclass(frozen=True)
class Report:
    """What a folder's weights are.

    imports: what their pickle would import beside tensors and torch's own layers; for a
    plugin nothing is read.
    ineffective: keys of model.yaml that this model has no use for.
    """

    weights: Path
    family: str
    task: str
    description: str
    labels: tuple[Label, ...]
    imports: tuple[str, ...]
    ineffective: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the report as sentences for a person."""
        yield f"{self.weights.name} is of the family {self.family}: {self.description}"
        yield f"Its task is {self.task}"
        named = ", ".join(f"{label.name} ({label.type})" for label in self.labels[:_SHOWN])
        yield f"Its labels are {named}{_more(len(self.labels))}"
        for label in self.labels[:1]:
            if label.keypoints:
                yield f"Its keypoints are {', '.join(label.keypoints)}"
        if self.imports:
            names = ", ".join(self.imports[:_SHOWN])
            yield f"Loading it imports {names}{_more(len(self.imports))}"
        for key in self.ineffective:
            yield f"model.yaml: {key} has no effect on this model"


_SHOWN = 12


def report(service: Service) -> Report:
    """Report on a loaded model."""
    folder: ModelFolder = service.folder
    family, checkpoint = families.recognise(folder)
    model = service.model
    return Report(
        weights=folder.weights,
        family=family,
        task=model.task,
        description=model.description,
        labels=service.labels,
        imports=tuple(
            sorted(name for name in checkpoint.imports if not name.startswith(_OF_EVERY_CHECKPOINT))
        ),
        ineffective=tuple(key for key in folder.config if key in model.without),
    )


def _more(count: int) -> str:
    return f" and {count - _SHOWN} more" if count > _SHOWN else ""
