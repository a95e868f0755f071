"""The process that exports a .pt at a function's first start, and sees that it answers the same.

    python -m handler.models.cache.first_export KIND FOLDER

writes FOLDER/model, or why there is none into FOLDER/reason. The settings are in the environment.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from handler.errors import AnnotateError
from handler.models import families
from handler.models.cache.comparison import LOOKED_AT, clear_threshold, photographs
from handler.models.export.export import export
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.pictures import decoding
from handler.settings import Settings

REASON = "reason"


def export_first(settings: Settings, kind: str, out: Path) -> None:
    """Export a .pt without pictures of its owner's: compared on two photographs of ultralytics.

    On these a model may find nothing that it would report. So it is asked for what it would not
    report as well, down to a score at which there are some tens of objects.
    """
    pictures = photographs()
    folder = ModelFolder.open(settings.weights)
    options = replace(Options.merge(settings, folder.config), max_detections=LOOKED_AT)
    original = families.load(folder, options, replace(settings, engine="torch", device="cpu"))
    scores = [
        original.predict(decoding.decode(path.read_bytes(), settings.max_pixels), 0).scores
        for path in pictures
    ]
    del original
    threshold = clear_threshold(np.concatenate(scores), options.threshold)
    export(replace(settings, threshold=threshold), kind, pictures, out)


def main(kind: str, folder: Path) -> None:
    """Export into `folder`/model, or write into `folder` why that cannot be done."""
    try:
        export_first(Settings.from_environment(), kind, folder / "model")
    except AnnotateError as error:
        (folder / REASON).write_text(error.message)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
