"""What a network computes in: bf16 where it is as good there as float32, and why.

Our own exports say what they were verified in. A network that a user brings is asked here, at its
first start: its answers in bf16 are compared with its own in float32, on two photographs. What came
of it is kept in the cache.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version

import numpy as np

from handler.detection.agreement import differences
from handler.models import families
from handler.models.cache.comparison import LOOKED_AT, clear_threshold, photographs
from handler.models.engines.engine import Plan, precisions
from handler.models.folder.metadata import network_of
from handler.models.folder.model_folder import ModelFolder, digest
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.pictures import decoding
from handler.pictures.decoding import Picture
from handler.settings import Settings

_SECONDS = 1.0  # that a start may take longer for it where nothing keeps what comes of it

log = logging.getLogger("auto_annotate")


@dataclass(frozen=True)
class Precision:
    """What a network computes in, f32 or bf16, and why, in words."""

    name: str
    why: str


class _TooLongError(Exception):
    """There is no time left to verify it."""


def with_precision(folder: ModelFolder, options: Options, settings: Settings) -> ModelFolder:
    """Return a model folder with the precision that its network is to be served in, and log it.

    A folder whose network OpenVINO does not run is returned as it is.

    Raises:
        WeightsError, SettingsError: as `families.load`.
    """
    family, _ = recognise(folder)
    if family != "exported" or settings.engine not in ("auto", "openvino"):
        return folder
    chosen = _said(folder, settings) or _verified(folder, options, settings)
    log.info("%s computes in %s: %s", folder.weights, chosen.name, chosen.why)
    verified = {"precision": chosen.name} if "precision" not in folder.config else {}
    return replace(folder, config=folder.config | verified)


def _said(folder: ModelFolder, settings: Settings) -> Precision | None:
    """Return the precision if the settings, the processor or model.yaml leave no question."""
    name = Plan.of(settings, folder.config).precision
    if settings.precision != "auto":
        return Precision(name, "ANNOTATE_PRECISION says so")
    if "bf16" not in precisions():
        return Precision(name, "this processor does not compute in bf16")
    if "precision" in folder.config:
        return Precision(name, "its export was verified in it")
    return None


def _verified(folder: ModelFolder, options: Options, settings: Settings) -> Precision:
    cache = settings.cache
    if cache is None or not os.access(cache, os.W_OK):
        return _compare(folder, options, settings, _SECONDS)
    kept = cache / f"{_key(folder, options)}.precision"
    with suppress(OSError, ValueError, TypeError):
        return Precision(**json.loads(kept.read_text("utf-8")))
    chosen = _compare(folder, options, settings, float("inf"))
    with suppress(OSError):
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_text(json.dumps(asdict(chosen)), "utf-8")
        written.rename(kept)
    return chosen


def _key(folder: ModelFolder, options: Options) -> str:
    weights = folder.weights
    files = [network_of(weights), weights] if weights.is_dir() else [weights]
    asked = {
        "files": [digest(file) for file in files],
        "options": [options.image_size, options.threshold],
        "versions": {name: version(name) for name in ("auto-annotate", "openvino")},
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _compare(
    folder: ModelFolder, options: Options, settings: Settings, seconds: float
) -> Precision:
    """Compare answers in bf16 with those in f32, within about some seconds."""
    limited = replace(options, max_detections=LOOKED_AT)
    clock = _Clock(seconds)
    pictures = [decoding.decode(path.read_bytes(), settings.max_pixels) for path in photographs()]
    model = families.load(folder, limited, replace(settings, precision="f32"))
    if "openvino" not in model.versions:
        return Precision("f32", "OpenVINO does not run it")
    try:
        all_found = [model.predict(picture, 0) for picture in clock.allows(pictures)]
        scores = np.concatenate([each.scores for each in all_found])
        threshold = clear_threshold(scores, options.threshold)
        expected = [each.where(each.scores >= threshold) for each in all_found]
        count = sum(map(len, expected))
        if threshold == 0 or count == 0:
            return Precision("f32", "it finds nothing on photographs, so bf16 is not verified")
        clock.allow()
        model = families.load(folder, limited, replace(settings, precision="bf16"))
        found = [model.predict(picture, threshold) for picture in clock.allows(pictures)]
    except _TooLongError:
        return Precision(
            "f32", f"to verify bf16 takes more than {seconds:g} s; a cache would keep it"
        )
    pairs = zip(expected, found, strict=True)
    different = [what for theirs, ours in pairs for what in differences(theirs, ours)]
    if different:
        return Precision("f32", f"in bf16 it answers otherwise on photographs: {different[0]}")
    return Precision("bf16", f"it answers as in f32, by {count} objects on photographs")


class _Clock:
    """Allows steps while one more, as long as the longest so far, ends within some seconds."""

    def __init__(self, seconds: float) -> None:
        self._began = self._last = time.monotonic()
        self._seconds = seconds
        self._longest = 0.0

    def allow(self) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, now - self._last)
        self._last = now
        if now - self._began + self._longest > self._seconds:
            raise _TooLongError

    def allows(self, pictures: Sequence[Picture]) -> Iterator[Picture]:
        for picture in pictures:
            self.allow()
            yield picture
