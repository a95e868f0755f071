"""The process that exports a .pt at a function's first start, and sees that it answers the same.

    python -m handler.models.first_export KIND FOLDER

writes FOLDER/model, or why there is none into FOLDER/reason. The settings are in the environment.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handler.errors import AnnotateError
from handler.models import families
from handler.models.export.export import export
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.pictures import decoding
from handler.settings import Settings

REASON = "reason"
_COMPARED = 60  # objects at least: of these a damaged network changes some
_LOOKED_AT = 100  # on one picture: each can have a mask of the picture's size


def export_first(settings: Settings, kind: str, out: Path) -> None:
    """Export a .pt without pictures of its owner's: compared on two photographs of ultralytics.

    On these a model may find nothing that it would report. So it is asked for what it would not
    report as well, down to a score at which there are some tens of objects.
    """
    pictures = _photographs()
    folder = ModelFolder.open(settings.weights)
    options = replace(Options.merge(settings, folder.config), max_detections=_LOOKED_AT)
    original = families.load(folder, options, replace(settings, engine="torch", device="cpu"))
    scores = [
        original.predict(decoding.decode(path.read_bytes(), settings.max_pixels), 0).scores
        for path in pictures
    ]
    del original
    threshold = clear_threshold(np.concatenate(scores), options.threshold)
    export(replace(settings, threshold=threshold), kind, pictures, out)


def clear_threshold(scores: NDArray[np.float32], usual: float) -> float:
    """Return a threshold of at most `usual` that leaves at least 60 objects, and is near no score.

    It is in the middle of a wide gap: there no object appears or goes because its score is another
    in the last digits. It is 0 if there are no objects.
    """
    best = np.sort(scores[scores > 0].astype(float))[::-1]
    left = max(_COMPARED, int((best >= usual).sum()))
    if len(best) <= left:
        return min(usual, float(best[-1] / 2)) if len(best) else 0.0
    near = np.minimum(best[left - 1 : left + _COMPARED], usual)
    widest = int((near[:-1] / near[1:]).argmax())
    return float(np.sqrt(near[widest] * near[widest + 1]))


def _photographs() -> Sequence[Path]:
    from handler.models.ultralytics.model import prepare_environment

    prepare_environment()
    from ultralytics.utils import ASSETS

    return ASSETS / "bus.jpg", ASSETS / "zidane.jpg"


def main(kind: str, folder: Path) -> None:
    """Export into `folder`/model, or write into `folder` why that cannot be done."""
    try:
        export_first(Settings.from_environment(), kind, folder / "model")
    except AnnotateError as error:
        (folder / REASON).write_text(error.message)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
