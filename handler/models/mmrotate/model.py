"""MMRotate: oriented detectors of either generation, a `.pth` and its config.py."""

import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections
from handler.detection.names import ClassNames
from handler.errors import WeightsError
from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.mmrotate.config import Config
from handler.pictures.decoding import Picture
from handler.settings import Settings

# What each generation's image is built with: see docs/images.md.
_IMAGES = {"0": "MMROTATE=0 ./scripts/build mmrotate", "1": "./scripts/build mmrotate"}
_VARIANTS = {"0": "mmrotate-0", "1": "mmrotate"}
_PACKAGES = ("onedl-mmrotate", "mmrotate")
# So many boxes that do not touch take a core nine seconds; twice as many, four times as long.
MOST_BOXES = 5000


class MMRotate:
    """An oriented detector, answered by the library itself."""

    task = "obb"
    keypoints: tuple[str, ...] = ()

    def __init__(self, library: Any, generation: str, network: Any, names: ClassNames) -> None:
        self._library = library
        self._network = network
        self._tests = [
            each
            for module in network.modules()
            for each in _tables_with("score_thr", getattr(module, "test_cfg", None))
        ]
        self.image_variant = _VARIANTS[generation]  # for a function.yaml
        self.classes, self.remarks = names.classes, names.remarks
        self.description = f"MMRotate {generation}.x {type(network).__name__}"
        self.image_size = _size(library.resizing(network.cfg))
        self.versions = _installed()
        self.without = frozenset({"top_k"}) | library.WITHOUT
        if not library.resizing(network.cfg):
            self.without |= {"image_size"}

    @classmethod
    def load(
        cls, folder: ModelFolder, checkpoint: Checkpoint, options: Options, settings: Settings
    ) -> Self:
        """Load the weights of `folder`; see `families.Model.load` for what is raised."""
        config = Config.read(folder.weights.with_name("config.py"), settings.trust_weights)
        library = _library(folder, config.generation)
        from handler.models.engines.device import torch_device
        from handler.models.mmrotate.nms import bound
        from handler.models.mmrotate.weights import Weights

        weights = Weights.read(folder, checkpoint, settings.trust_weights)
        names = ClassNames.of(
            weights.classes, folder.classes, None, folder.weights, folder.classes_file
        )
        classes = names.classes
        device = torch_device(settings.device)
        bound(library.NMS_MODULES, MOST_BOXES)
        try:
            read = library.read_config(config.path, trusted=settings.trust_weights)
            if not settings.trust_weights:
                config.refuse_imports(read)
            _check_count(read, folder, classes)
            _configure(library, read, options)
            network = library.build(read, classes, str(device))
        except WeightsError:
            raise
        except Exception as error:
            raise WeightsError(
                f"{config.path} is not one that the image's MMRotate can build: "
                f"{type(error).__name__}: {error}",
                "Was it trained with a fork, or with another version?",
            ) from error
        _fill(network, weights.tensors, folder)
        return cls(library, config.generation, network, names)

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        # Before suppression it leaves the same objects as after, and far fewer boxes to go through.
        for test in self._tests:
            test["score_thr"] = threshold
        boxes, scores, classes = self._library.ask(self._network, picture)
        if len(boxes) and boxes.shape[1] != 5:
            raise WeightsError("The model answers with upright boxes: it is none of MMRotate")
        found = oriented(boxes, scores, classes)
        return found.where(found.scores >= threshold)


def oriented(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: NDArray[np.int64]
) -> Detections:
    """Return detections of boxes (n, 5), cx cy w h and an angle in radians.

    The conventions le90, le135 and oc differ in which of a box's descriptions they choose. In
    each of them w lies along the angle, clockwise from the picture's x axis.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order].reshape(-1, 5)
    centre, half = boxes[:, :2], boxes[:, 2:4] / 2
    return Detections(
        boxes=np.concatenate([centre - half, centre + half], axis=1),
        scores=scores[order],
        classes=classes[order].astype(np.int64),
        angles=np.degrees(boxes[:, 4]),
    )


def _size(resizing: list[tuple[Any, str]]) -> tuple[int, int] | None:
    """Return the height and width that pictures are resized to; configs give the width first."""
    for step, key in resizing:
        width, height = step[key]
        return int(height), int(width)
    return None


def _installed() -> dict[str, str]:
    found = {}
    for name in ("torch", *_PACKAGES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _library(folder: ModelFolder, generation: str) -> Any:
    """Return the module for the generation that the config is of, if it is the image's."""
    own = next((number for name, number in _installed().items() if name in _PACKAGES), None)
    if own is None or (own[0] == "0") != (generation == "0"):
        has = "not installed here" if own is None else f"not the {own} that is installed here"
        tag = f"auto-annotate:{version('auto-annotate')}-{_VARIANTS[generation]}"
        raise WeightsError(
            f"{folder.weights} is of MMRotate {generation}.x, which is {has}",
            f"Use the image {tag} ({_IMAGES[generation]} makes it).",
        )
    return importlib.import_module(f"handler.models.mmrotate.generation_{generation}")


def _tables_with(key: str, settings: Any) -> Iterator[Any]:
    """Yield the tables, however deep, that have a key: `score_thr` is of what ends with NMS."""
    if isinstance(settings, Mapping):
        if key in settings:
            yield settings
        settings = list(settings.values())
    if isinstance(settings, list | tuple):
        for each in settings:
            yield from _tables_with(key, each)


def _check_count(config: Any, folder: ModelFolder, classes: tuple[str, ...]) -> None:
    counts = {table["num_classes"] for table in _tables_with("num_classes", config.model)}
    if counts and len(classes) not in counts:
        raise WeightsError(
            f"{folder.weights} has {len(classes)} class names, its config.py num_classes="
            f"{', '.join(map(str, sorted(counts)))}",
            "Correct classes.txt, or put the config beside it that it was trained with.",
        )


def _configure(library: Any, config: Any, options: Options) -> None:
    for test in _tables_with("score_thr", config.model):
        if options.max_detections is not None:
            test["max_per_img"] = options.max_detections
        if "nms" in test:
            library.configure_nms(test["nms"], options.iou, options.agnostic_nms)
    if options.image_size is not None:
        for step, key in library.resizing(config):
            step[key] = (options.image_size, options.image_size)


def _fill(network: Any, tensors: dict[str, Any], folder: ModelFolder) -> None:
    """Give a network its tensors: every one of both, which the libraries do not ask for."""
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise WeightsError(
            f"{folder.weights} does not fit its config.py: {first}",
            "Put the config beside it that it was trained with.",
        ) from error
