"""Model folders in a bundle, and the function files of each."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from handler.bundle.errors import BundleError
from handler.bundle.order import Order, flavour_image
from handler.bundle.sums import check_name, digest_of
from handler.checks.check import refuse_errors
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.recognition import recognise
from handler.models.libraries import needs_torch
from handler.nuclio.function import Function, function_name
from handler.service import Service
from handler.settings import Settings

# Where `install` puts model folders on a Docker host, unless it is told otherwise.
PLACE = Path("/var/lib/auto-annotate/weights")


@dataclass(frozen=True)
class Weights:
    """A model folder in a bundle.

    name: of its folder there and of its function.
    files: SHA-256 by path in the folder, all of them, carried or not.
    flavour: of the image that serves it.
    """

    name: str
    files: dict[str, str]
    flavour: str


def add_weights(order: Order, folder: Path) -> list[Weights]:
    """Copy each model folder to weights/NAME, and write its functions/PLATFORM/NAME.yaml.

    Raises:
        WeightsError: a folder cannot be served.
        BundleError: two have one name, or no flavour in the bundle serves one.
    """
    found: dict[str, Weights] = {}
    for source in order.weights:
        service = Service.load(replace(Settings.from_environment(), cache=None, weights=source))
        model = service.folder
        name = function_name(model.config.get("name", model.path.resolve().name))
        if name in found:
            raise BundleError(
                f"Two model folders are called {name}", "Give one another `name` in model.yaml."
            )
        flavour = _flavour(service, model, order)
        found[name] = Weights(name, _copy(model.path, folder / "weights" / name), flavour)
        for platform in order.platforms:
            _write_function(service, found[name], platform, order, folder)
    return list(found.values())


def _copy(source: Path, target: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    for root, _, names in os.walk(source, followlinks=True):
        for file in sorted(Path(root, name) for name in names):
            path = str(file.relative_to(source))
            check_name(path)
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / path)
            files[path] = digest_of(target / path)
    return dict(sorted(files.items()))


def _flavour(service: Service, model: ModelFolder, order: Order) -> str:
    """Return the flavour that serves a model: the first in the bundle that can."""
    family, _ = recognise(model)
    variant = getattr(service.model, "image_variant", "")
    able = [variant] if variant else ["runtime", "cuda"]
    if not variant and not needs_torch(family):
        able = ["slim", *able]
    for flavour in able:
        if flavour in order.flavours:
            return flavour
    raise BundleError(
        f"No image in the bundle serves {model.path} (family {family})",
        f"Add --flavour {able[0]}.",
    )


def _write_function(
    service: Service, weights: Weights, platform: str, order: Order, folder: Path
) -> None:
    function = Function.of_model(
        service.folder.path,
        service.folder.config,
        service.model.description,
        service.labels,
        name=weights.name,
        image=order.names_of(flavour_image(weights.flavour))[-1],
        platform=platform,
        weights_path=PLACE / weights.name if platform == "docker" else None,
        gpu=weights.flavour == "cuda",
    )
    refuse_errors(function.to_dict(), platform)
    file = folder / "functions" / platform / f"{weights.name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(function.to_yaml(), "utf-8")
