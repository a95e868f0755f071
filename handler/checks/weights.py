"""Whether a model folder can be served, and whether a function.yaml is about the same model."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from handler.cvat.reply import problems_in
from handler.errors import AnnotateError
from handler.function_file import FunctionFile
from handler.models.checkpoint import Checkpoint
from handler.models.folder import ModelFolder
from handler.models.metadata import network_of
from handler.models.report import report
from handler.rules import Rules
from handler.service import Service
from handler.settings import Settings
from handler.trial import HEIGHT, WIDTH, trial_picture


@dataclass(frozen=True)
class Weights:
    """A model folder, loaded and tried, as far as that goes.

    failure: why it cannot be opened, loaded or used; what comes after that is None.
    shapes: CVAT's shapes on the trial picture. seconds: how long loading and they took.
    """

    function: FunctionFile | None = None
    folder: ModelFolder | None = None
    checkpoint: Checkpoint | None = None
    service: Service | None = None
    shapes: list[dict[str, Any]] | None = None
    seconds: float = 0.0
    failure: AnnotateError | None = None

    @classmethod
    def load(cls, settings: Settings, function: FunctionFile | None = None) -> "Weights":
        """Load a model folder and try it."""
        start = time.perf_counter()
        found: dict[str, Any] = {"function": function}
        try:
            found["folder"] = ModelFolder.open(settings.weights)
            if found["folder"].weights.suffix == ".pt":
                found["checkpoint"] = Checkpoint.inspect(found["folder"].weights)
            found["service"] = Service.load(settings)
            shapes = found["service"].annotate(trial_picture())[1]
            # As CVAT receives them, masks being arrays until then.
            found["shapes"] = orjson.loads(orjson.dumps(shapes, option=orjson.OPT_SERIALIZE_NUMPY))
        except AnnotateError as error:
            found["failure"] = error
        except Exception as error:
            found["failure"] = AnnotateError(
                f"The model fails on a picture: {type(error).__name__}: {error}",
                "Try it with the library that it was trained with.",
            )
        return cls(**found, seconds=time.perf_counter() - start)


RULES: Rules[Weights] = Rules("weights")
rule = RULES


@rule(
    "weights-usable",
    "error",
    "the weights load, agree with classes.txt, and answer on a picture",
    "See the message.",
)
def _weights_usable(weights: Weights) -> Iterator[AnnotateError]:
    if weights.failure is not None:
        yield weights.failure


@rule(
    "weights-digest",
    "error",
    "the weights are the file that `sha256` in model.yaml names",
    "Copy the weights again, or write the new sum into model.yaml (sha256sum best.pt).",
)
def _weights_digest(weights: Weights) -> Iterator[str]:
    if weights.folder is None or "sha256" not in weights.folder.config:
        return
    expected = str(weights.folder.config["sha256"]).lower()
    found = digest(weights.folder.weights)
    if found != expected:
        yield f"{weights.folder.weights} has the sum {found}, model.yaml says {expected}"


def digest(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal; of an OpenVINO folder that of its .bin."""
    if path.is_dir():
        path = network_of(path).with_suffix(".bin")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@rule(
    "weights-labels",
    "error",
    "the labels in the function.yaml are those of the weights",
    "Write the file again from these weights: auto-annotate function --weights DIR.",
)
def _weights_labels(weights: Weights) -> Iterator[str]:
    if weights.service is None or weights.function is None:
        return
    listed = weights.function.label_names
    trained = [label.name for label in weights.service.labels]
    missing = [name for name in trained if name not in listed]
    foreign = [name for name in listed if name not in trained]
    if missing:
        yield f"The function.yaml lacks {_some(missing)}: CVAT would drop these objects"
    if foreign:
        yield f"The function.yaml has {_some(foreign)}, which the weights never find"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


@rule(
    "weights-shapes",
    "error",
    "what the model finds on a picture are shapes that CVAT takes",
    "Report this: it is a fault of auto-annotate.",
)
def _weights_shapes(weights: Weights) -> Iterator[str]:
    if weights.service is not None and weights.shapes is not None:
        names = [label.name for label in weights.service.labels]
        yield from problems_in(weights.shapes, names, WIDTH, HEIGHT)


@rule(
    "weights-imports",
    "info",
    "what loading the weights imports (a .pt file is a program) is listed",
    "Load weights from people you trust only.",
)
def _weights_imports(weights: Weights) -> Iterator[str]:
    if weights.checkpoint is not None:
        packages = Counter(name.split(".")[0] for name in weights.checkpoint.imports)
        listed = ", ".join(f"{package} ({count})" for package, count in packages.most_common())
        yield f"The file imports {listed or 'nothing'}"


@rule(
    "weights-summary",
    "info",
    "what the weights are is listed",
    "Compare it with what was trained.",
)
def _weights_summary(weights: Weights) -> Iterator[str]:
    if weights.service is not None and weights.shapes is not None:
        yield (
            f"{weights.service.model.description} with {len(weights.service.labels)} labels; "
            f"loading and a first picture took {weights.seconds:.1f} s"
        )


@rule(
    "weights-report",
    "info",
    "the family, task, labels and imports of the weights are listed",
    "Compare it with what was trained.",
)
def _weights_report(weights: Weights) -> Iterator[str]:
    if weights.service is not None:
        yield from report(weights.service).lines()
