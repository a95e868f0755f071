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

from handler import images
from handler.errors import AnnotateError
from handler.models import families
from handler.models.export import export
from handler.models.folder import ModelFolder
from handler.models.options import Options
from handler.settings import Settings

REASON = "reason"
_FEWEST, _MOST = 20, 40  # objects to compare


def export_first(settings: Settings, kind: str, out: Path) -> None:
    """Export a .pt without pictures of its owner's: compared on two photographs of ultralytics.

    On these a model may find nothing that it would report. So it is asked for what it would not
    report as well, down to a score at which there are some tens of objects.
    """
    pictures = _photographs()
    folder = ModelFolder.open(settings.weights)
    options = replace(Options.merge(settings, folder.config), max_detections=_MOST)
    original = families.load(folder, options, replace(settings, engine="torch", device="cpu"))
    scores = np.concatenate(
        [
            original.predict(images.decode(path.read_bytes(), settings.max_pixels), 0).scores
            for path in pictures
        ]
    )
    del original
    threshold = min(options.threshold, clear_threshold(scores))
    export(replace(settings, threshold=threshold), kind, pictures, out)


def clear_threshold(scores: NDArray[np.float32]) -> float:
    """Return a threshold that leaves 20 to 40 objects, all if there are fewer, near no score.

    It is in the middle of the widest gap: there no object appears or goes because its score is
    another in the last digits.
    """
    best = np.sort(scores.astype(float))[::-1][:_MOST]
    best = best[best > 0]
    if len(best) <= _FEWEST:
        return float(best[-1] / 2) if len(best) else 0.0
    ratios = best[_FEWEST - 1 : -1] / best[_FEWEST:]
    above = _FEWEST - 1 + int(ratios.argmax())
    return float(np.sqrt(best[above] * best[above + 1]))


def _photographs() -> Sequence[Path]:
    from handler.models.ultralytics import prepare_environment

    prepare_environment()
    from ultralytics.utils import ASSETS

    return ASSETS / "bus.jpg", ASSETS / "zidane.jpg"


def main(kind: str, folder: Path) -> None:
    try:
        export_first(Settings.from_environment(), kind, folder / "model")
    except AnnotateError as error:
        (folder / REASON).write_text(error.message)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
