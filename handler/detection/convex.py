"""The area that convex quadrilaterals share, exactly."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
_NEXT = [1, 2, 3, 0]
_ROUNDING = 1e-9  # of a side, so that corners on an edge count as inside


def common_areas(one: Points, others: Points) -> NDArray[np.float64]:
    """Return the area that a quadrilateral (4, 2) shares with each of some others (m, 4, 2).

    All are convex, their corners clockwise on the screen. What two share is convex, too: its
    corners are those of each that lie within the other, and where their edges cross.
    """
    count = len(others)
    origin = one.mean(axis=0)
    first = np.broadcast_to(one - origin, (count, 4, 2))
    second = others - origin
    crossings, cross = _crossings(first, second)
    points = np.concatenate([first, second, crossings], axis=1)
    valid = np.concatenate([_within(first, second), _within(second, first), cross], axis=1)
    return _area_around(points, valid)


def _within(points: Points, outline: Points) -> NDArray[np.bool_]:
    """Tell which of the points (m, 4, 2) lie within or on the outline (m, 4, 2)."""
    edges = outline[:, _NEXT] - outline
    offsets = points[:, :, None] - outline[:, None]
    inside = edges[:, None, :, 0] * offsets[..., 1] - edges[:, None, :, 1] * offsets[..., 0]
    slack = _ROUNDING * (edges**2).sum(axis=2)[:, None]
    return np.asarray((inside >= -slack).all(axis=2))


def _crossings(first: Points, second: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Return where each edge of one crosses each of the other, (m, 16, 2), and whether it does."""
    start, edge = first[:, :, None], (first[:, _NEXT] - first)[:, :, None]
    other, across = second[:, None], (second[:, _NEXT] - second)[:, None]
    between = other - start
    turn = edge[..., 0] * across[..., 1] - edge[..., 1] * across[..., 0]
    lengths = np.sqrt((edge**2).sum(axis=-1) * (across**2).sum(axis=-1))
    turn = np.where(np.abs(turn) > _ROUNDING * lengths, turn, np.nan)  # parallel ones never do
    along = (between[..., 0] * across[..., 1] - between[..., 1] * across[..., 0]) / turn
    along_other = (between[..., 0] * edge[..., 1] - between[..., 1] * edge[..., 0]) / turn
    cross = (along >= 0) & (along <= 1) & (along_other >= 0) & (along_other <= 1)
    points = start + np.where(cross, along, 0)[..., None] * edge
    return points.reshape(-1, 16, 2), cross.reshape(-1, 16)


def _area_around(points: Points, valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the area of each convex outline whose corners are the valid points, in any order."""
    counts = valid.sum(axis=1, keepdims=True)
    centre = (points * valid[..., None]).sum(axis=1) / np.maximum(counts, 1)
    spokes = points - centre[:, None]
    angles = np.where(valid, np.arctan2(spokes[..., 1], spokes[..., 0]), np.inf)
    order = np.argsort(angles, axis=1)
    # What is not valid comes last: put where the first is, it adds nothing.
    order = np.where(np.arange(points.shape[1]) < counts, order, order[:, :1])
    around = np.take_along_axis(spokes, order[..., None], axis=1)
    following = np.roll(around, -1, axis=1)
    doubled = around[..., 0] * following[..., 1] - around[..., 1] * following[..., 0]
    return np.asarray(np.where(counts[:, 0] > 2, doubled.sum(axis=1) / 2, 0.0))
