"""The corners of turned boxes."""

import numpy as np
from numpy.typing import NDArray

_SIGNS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])


def corners(box: list[float], angle: float) -> NDArray[np.float32]:
    """Return the (4, 2) corners of a box turned by `angle` degrees clockwise about its centre."""
    turned = corners_of(np.array([box]), np.array([angle]))
    return np.asarray(turned[0], np.float32)


def corners_of(boxes: NDArray[np.floating], angles: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the corners (n, 4, 2) of boxes (n, 4) turned by angles (n,), as `corners` does."""
    boxes, turns = boxes.astype(np.float64), np.radians(angles.astype(np.float64))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = _SIGNS * ((boxes[:, 2:] - boxes[:, :2]) / 2)[:, None]
    cosine, sine = np.cos(turns)[:, None], np.sin(turns)[:, None]
    x = half[..., 0] * cosine - half[..., 1] * sine
    y = half[..., 0] * sine + half[..., 1] * cosine
    return np.asarray(np.stack([x, y], axis=-1) + centres[:, None])
