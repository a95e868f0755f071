"""What two forms of a network are compared on where their owner names no pictures."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOOKED_AT = 100  # objects on one picture: each can have a mask of the picture's size
_COMPARED = 60  # objects at least: of these a damaged network changes some
_OWN = Path(__file__).parent / "photographs"


def photographs() -> Sequence[Path]:
    """Return the two photographs of ultralytics, or where that is not installed two of our own."""
    library = find_spec("ultralytics")  # importing it takes seconds
    if library is None or library.origin is None:
        return tuple(sorted(_OWN.glob("*.jpg")))
    assets = Path(library.origin).parent / "assets"
    return assets / "bus.jpg", assets / "zidane.jpg"


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
