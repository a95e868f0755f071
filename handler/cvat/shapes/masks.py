"""The pixels of an object: CVAT's mask, and the polygons around them."""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from handler.cvat.shapes import outlines
from handler.cvat.shapes.boxes import rounded
from handler.detection.detections import Detection, Mask
from handler.detection.labels import Label


def mask(found: Detection, _: Label, __: tuple[int, int]) -> list[dict[str, Any]]:
    """Return `mask`, and `points`, which CVAT takes where it turns masks into polygons.

    mask: 0 or 1 for each pixel of the cut-out, row by row, then the cut-out's first and last column
    and row: left, top, right, bottom. A numpy array, for there may be millions.
    """
    rings = outlines.around(_mask(found))
    if not rings:
        return []
    points = outlines.joined([outlines.joined(part) for part in rings])
    return [{"points": rounded(points.ravel().tolist()), "mask": encoded(_mask(found))}]


def polygon(found: Detection, _: Label, __: tuple[int, int]) -> list[dict[str, Any]]:
    """Return a polygon for each part of the object; a hole is reached by a cut from the outside."""
    parts = outlines.around(_mask(found))
    return [{"points": rounded(outlines.joined(part).ravel().tolist())} for part in parts]


def to_json(value: Any) -> orjson.Fragment:
    """Return the JSON of a mask, of each pixel its digit and a comma as one number of 16 bits.

    Raises:
        TypeError: the value is not an array.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError
    digits = np.add(value[:-4], ord("0") | ord(",") << 8, dtype="<u2", casting="unsafe")
    box = ",".join(map(str, value[-4:].tolist()))
    return orjson.Fragment(b"".join((b"[", digits.data, box.encode(), b"]")))


def _mask(found: Detection) -> Mask:
    if found.mask is None:
        raise ValueError("the model gave no mask with this object")
    return found.mask


def encoded(mask: Mask) -> NDArray[np.uint32]:
    """Return 0 or 1 for each pixel of the cut-out, row by row, and its left, top, right, bottom."""
    rows, columns = mask.pixels.shape
    box = (mask.left, mask.top, mask.left + columns - 1, mask.top + rows - 1)
    return np.concatenate([mask.pixels.ravel(), box]).astype(np.uint32)


def runs_of(pixels: NDArray[Any]) -> list[int]:
    """Return how many of `pixels`, a flat row of 0 and 1, are 0, then 1, then 0, and so on."""
    changes = np.flatnonzero(np.diff(pixels.astype(np.int8), prepend=0))
    runs: list[int] = np.diff(changes, prepend=0, append=len(pixels)).tolist()
    return runs
