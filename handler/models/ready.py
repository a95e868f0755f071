"""The start of a model: loaded, and asked once, so that the first frame is not a slow one."""

import time

import numpy as np

from handler.errors import AnnotateError, WeightsError
from handler.logs import Line, log
from handler.machine import cpus
from handler.models import families
from handler.models.cache import loading
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.tiled import with_tiles
from handler.settings import Settings


def ready_model(settings: Settings) -> tuple[families.Model, ModelFolder, Options]:
    """Return the model of a folder, ready to answer, and what it was made of.

    Raises:
        AnnotateError: the weights or the settings cannot be used.
    """
    try:
        return _ready_model(settings)
    except AnnotateError:
        raise
    except Exception as error:
        log.exception("loading failed")
        raise WeightsError(
            f"{settings.weights} cannot be loaded: {type(error).__name__}: {error}"[:500],
            "Is the file whole, and of a library that is served?",
        ) from error


def _ready_model(settings: Settings) -> tuple[families.Model, ModelFolder, Options]:
    begun = time.perf_counter()
    folder = ModelFolder.open(settings.weights)
    options = Options.merge(settings, folder.config)
    model = with_tiles(loading.load(folder, options, settings), options)
    cpus.use(settings.threads)
    _warm_up(model, folder, options)
    cpus.use(settings.threads)
    log.info(
        Line(
            message="ready",
            weights=folder.weights,
            task=model.task,
            classes=len(model.classes),
            threshold=options.threshold,
            seconds=round(time.perf_counter() - begun, 1),
            **model.versions,
        )
    )
    for remark in model.remarks:
        log.warning("%s: %s", folder.weights, remark)
    return model, folder, options


def _warm_up(model: families.Model, folder: ModelFolder, options: Options) -> None:
    try:
        model.predict(np.full((480, 640, 3), 114, np.uint8), options.threshold)
    except AnnotateError:
        raise
    except Exception as error:
        log.exception("the first prediction failed")
        raise WeightsError(
            f"{folder.weights} fails at its first prediction: {type(error).__name__}: {error}",
            "Was it trained with a fork, or with another version of its library?",
        ) from error
