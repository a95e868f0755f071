"""Files of ultralytics, exported by the library itself."""

import shutil
from pathlib import Path

from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.ultralytics.weights import neutral_name, open_model
from handler.settings import Settings


def convert(
    folder: ModelFolder,
    checkpoint: Checkpoint,
    kind: str,
    options: Options,
    settings: Settings,
    out: Path,
) -> Path:
    """Have ultralytics export the weights, and return what it made, in the folder `out`."""
    size = {} if options.image_size is None else {"imgsz": options.image_size}
    with neutral_name(folder.weights, checkpoint.kind) as path:
        model = open_model(path, folder.weights, checkpoint, settings.trust_weights)
        made = Path(model.export(format=kind, dynamic=True, **size))
        return Path(shutil.move(made, out / made.name))
