"""Whether a model folder can be served, and whether a function.yaml is about the same model."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from handler.checks.tiles import TileTimes
from handler.cvat.reply import problems_in
from handler.cvat.shapes import to_json
from handler.errors import AnnotateError
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder, digest
from handler.models.folder.recognition import recognise
from handler.models.tiled import Tiled
from handler.pictures.trial import HEIGHT, WIDTH, trial_picture
from handler.rules.function_file import FunctionFile
from handler.rules.rule import Rules
from handler.service import Service
from handler.settings import Settings


@dataclass(frozen=True)
class Weights:
    """A model folder, loaded and tried, as far as that goes.

    failure: why it cannot be opened, loaded or used; what comes after that is None.
    family: its name. shapes: CVAT's shapes on the trial picture. seconds: how long loading and
    they took. tiles: what one of its tiles takes, of a model that answers by tiles.
    """

    function: FunctionFile | None = None
    folder: ModelFolder | None = None
    family: str | None = None
    checkpoint: Checkpoint | None = None
    service: Service | None = None
    shapes: list[dict[str, Any]] | None = None
    seconds: float = 0.0
    tiles: TileTimes | None = None
    failure: AnnotateError | None = None

    @classmethod
    def load(cls, settings: Settings, function: FunctionFile | None = None) -> "Weights":
        """Load a model folder and try it."""
        start = time.perf_counter()
        found: dict[str, Any] = {"function": function}
        try:
            found["folder"] = ModelFolder.open(settings.weights)
            found["family"], found["checkpoint"] = recognise(found["folder"])
            found["service"] = Service.load(settings)
            shapes = found["service"].annotate(trial_picture())[1]
            found["shapes"] = orjson.loads(to_json(shapes))
        except AnnotateError as error:
            found["failure"] = error
        except Exception as error:
            found["failure"] = AnnotateError(
                f"The model fails on a picture: {type(error).__name__}: {error}",
                "Try it with the library that it was trained with.",
            )
        seconds = time.perf_counter() - start
        model = None if "failure" in found else found["service"].model
        if isinstance(model, Tiled):
            found["tiles"] = TileTimes.measure(model, settings.max_pixels)
        return cls(**found, seconds=seconds)


# What the pickle of every checkpoint imports, whoever made it: layers, tensors and plain values.
_OF_TORCH = ("torch.nn.modules.", "torch._utils.", "torch.storage.")
_PLAIN = {
    "__builtin__.set", "_codecs.encode", "builtins.set", "collections.OrderedDict",
    "collections.defaultdict", "numpy.dtype", "numpy.ndarray", "numpy._core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct", "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct", "torch.Size", "torch.device", "torch.dtype",
}  # fmt: skip

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
        yield f"The function.yaml lacks {_some(map(repr, missing))}: CVAT would drop these objects"
    if foreign:
        yield f"The function.yaml has {_some(map(repr, foreign))}, which the weights never find"


def _some(names: Iterable[str], shown: int = 10) -> str:
    listed = list(names)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more


def _number(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


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
    checkpoint = weights.checkpoint
    if checkpoint is None or not (checkpoint.imports or not checkpoint.is_known):
        return
    own = sorted(name for name in checkpoint.imports if not _is_plain(name))
    yield f"Loading the file imports torch and {_some(own, len(own)) or 'nothing else'}"
    if not checkpoint.is_known:
        yield (
            "What else loading the file imports is unknown, do not trust it: names in it are made, "
            "not written down, or a part of it cannot be read"
        )


def _is_plain(name: str) -> bool:
    """Tell whether an import is one that every checkpoint has, and that does nothing by itself."""
    is_storage = name.startswith("torch.") and name.endswith("Storage") and name.count(".") == 1
    return name in _PLAIN or is_storage or name.startswith(_OF_TORCH)


@rule(
    "weights-summary",
    "info",
    "what the weights are is listed",
    "Compare it with what was trained.",
)
def _weights_summary(weights: Weights) -> Iterator[str]:
    if weights.service is not None and weights.shapes is not None:
        model, labels = weights.service.model, weights.service.labels
        yield (
            f"{model.description} (family {weights.family}, task {model.task}); "
            f"loading and a first picture took {weights.seconds:.1f} s"
        )
        if weights.tiles is not None:
            yield weights.tiles.in_words()
        named = [f"{label.name} ({label.type})" for label in labels]
        yield f"{_number(labels, 'label')}: {_some(named)}"
        if model.keypoints:
            yield f"{_number(model.keypoints, 'keypoint')}: {_some(model.keypoints)}"


@rule(
    "weights-remarks",
    "warning",
    "nothing about the weights is other than it looks",
    "Read docs/families: it says what to do where this matters.",
)
def _weights_remarks(weights: Weights) -> Iterator[str]:
    if weights.service is not None:
        yield from weights.service.model.remarks


@rule(
    "weights-tiles",
    "warning",
    "no picture that is let in takes longer by tiles than CVAT waits",
    "Lower ANNOTATE_MAX_PIXELS, so that such a picture is refused at once; or take larger tiles, "
    "less overlap, more CPUs.",
)
def _weights_tiles(weights: Weights) -> Iterator[str]:
    if weights.tiles is not None and (said := weights.tiles.too_slow()):
        yield said


@rule(
    "weights-options",
    "warning",
    "every key of model.yaml has an effect on the model",
    "Remove it from model.yaml.",
)
def _weights_options(weights: Weights) -> Iterator[str]:
    if weights.folder is not None and weights.service is not None:
        without = weights.service.model.without
        if weights.service.model.task != "semantic":
            without |= {"background", "separate_parts"}
        for key in weights.folder.config:
            if key in without:
                yield f"{key} has no effect on a {weights.service.model.description}"
