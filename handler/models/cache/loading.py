"""A .pt answered without torch: by its export, which the cache keeps from the first start on."""

import hashlib
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from handler.errors import AnnotateError
from handler.machine.machine import read_gpus
from handler.models import families
from handler.models.cache.entry import CacheError, Entry, ExportError
from handler.models.cache.first_export import REASON
from handler.models.cache.precision import with_precision
from handler.models.engines.engine import precisions
from handler.models.exportable import is_exportable
from handler.models.folder.model_folder import ModelFolder, digest
from handler.models.folder.options import Options
from handler.models.folder.recognition import recognise
from handler.settings import PREFIX, Settings

_KINDS = {"auto": "openvino", "openvino": "openvino", "onnxruntime": "onnx"}
_SECONDS = 300  # for one export, half of what a function has to become ready
_ROOM = 3  # times the size of the weights, which are often of half precision

log = logging.getLogger("auto_annotate")


def load(folder: ModelFolder, options: Options, settings: Settings) -> families.Model:
    """Load a model folder; a .pt from the cache, into which it is exported at the first start.

    An exported network is loaded in the precision that it was, or is now, verified in. Where the
    export of a .pt fails, `auto` is torch, with one line in the log.

    Raises:
        WeightsError, SettingsError: as `families.load`.
        ExportError, CacheError: the engine that was asked for needs an export, and there is none.
    """
    cache = settings.cache
    if cache is None or not _wants_export(folder, settings):
        return families.load(with_precision(folder, options, settings), options, settings)
    entry = Entry(cache, _key(folder, options, settings))
    try:
        if not entry.is_filled():
            _fill(entry, folder, settings)
        return _load_export(entry, folder, options, settings)
    except AnnotateError as error:
        if settings.engine != "auto":
            raise
        # If the weights themselves are at fault, this raises the better error.
        model = families.load(folder, options, settings)
        log.warning("%s is answered by torch, which is slower: %s", folder.weights, error)
        if isinstance(error, ExportError):
            entry.remember(error)
        return model


def _wants_export(folder: ModelFolder, settings: Settings) -> bool:
    return (
        settings.engine in _KINDS
        and is_exportable(*recognise(folder))
        and find_spec("torch") is not None
        and (settings.engine != "auto" or _computes_on_cpu(settings.device))
    )


def _computes_on_cpu(device: str) -> bool:
    return device == "cpu" or (device == "auto" and not read_gpus())


def _key(folder: ModelFolder, options: Options, settings: Settings) -> str:
    """Return a name for what comes of an export: for all that it is made from and by."""
    libraries = ("auto-annotate", "onnxruntime", "openvino", "torch", "ultralytics")
    made_from = {
        "weights": digest(folder.weights),
        "kind": _KINDS[settings.engine],
        "image_size": options.image_size,
        "precision": settings.precision,
        "precisions": precisions(),
        "versions": {name: version(name) for name in libraries},
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:32]


def _fill(entry: Entry, folder: ModelFolder, settings: Settings) -> None:
    """Export into the cache, or wait for the process that does.

    Raises:
        ExportError: the weights cannot be exported.
        CacheError: the cache cannot be written, or the process was killed.
    """
    kind = _KINDS[settings.engine]
    with entry.writing(_ROOM * folder.weights.stat().st_size) as (staging, lock):
        if entry.is_filled():
            return
        log.info("exporting %s to %s, once: about half a minute", folder.weights, kind)
        entry.begin()
        _run(settings, kind, staging, lock)
        entry.end()
        reason = staging / REASON
        if reason.exists():
            raise ExportError(reason.read_text(), "With `auto-annotate export` it can be examined.")
        made = staging / "model"
        if ModelFolder.open(made).config["exported"]["sha256"] != digest(folder.weights):
            raise CacheError(f"{folder.weights} changed while it was exported", "Start again.")
        entry.keep(made)


def _run(settings: Settings, kind: str, staging: Path, lock: int) -> None:
    """Export in a process of its own: its memory goes back, and the lock is its own as well."""
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(PREFIX)}
    environment |= settings.to_environment() | {"TMPDIR": str(staging)}
    try:
        status = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", "handler.models.cache.first_export", kind, str(staging)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            timeout=_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        (staging / REASON).write_text(f"the export takes more than {_SECONDS} seconds")
    else:
        if status:
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            raise CacheError(f"the export {how}", "Is there too little memory? It needs 1 to 2 GB.")


def _load_export(
    entry: Entry, folder: ModelFolder, options: Options, settings: Settings
) -> families.Model:
    """Load the exported network in the place of the .pt: all else is as model.yaml says."""
    made = ModelFolder.open(entry.path)
    own = {key: value for key, value in folder.config.items() if key != "family"}
    config = own | {"precision": made.config["precision"]}
    exported = replace(folder, weights=made.weights, config=config)
    return families.load(with_precision(exported, options, settings), options, settings)
