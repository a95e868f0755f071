"""The corners of turned boxes."""

import numpy as np
from numpy.typing import NDArray


def corners(box: list[float], angle: float) -> NDArray[np.float32]:
    """Return the (4, 2) corners of a box turned by `angle` degrees clockwise about its centre."""
    x1, y1, x2, y2 = box
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * ((x2 - x1) / 2, (y2 - y1) / 2)
    turned = half @ [(cosine, sine), (-sine, cosine)]
    centre = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    return np.asarray(turned + centre, np.float32)
