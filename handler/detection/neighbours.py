"""Which boxes of many lie where a box lies, without looking at each pair."""

import numpy as np
from numpy.typing import NDArray


class Neighbours:
    """Boxes in the order of their left sides: near a box are few of them.

    extents: (n, 4), x1 y1 x2 y2. members: the indices of those that can be found.
    """

    def __init__(self, extents: NDArray[np.float32], members: NDArray[np.intp]) -> None:
        order = np.argsort(extents[members, 0], kind="stable")
        self._members = members[order]
        self._left, self._top, self._right, self._bottom = np.ascontiguousarray(
            extents[self._members].T
        )
        self._widest = float((self._right - self._left).max(initial=0))
        self._there = np.ones(len(members), bool)
        self._places = np.zeros(len(extents), np.intp)
        self._places[self._members] = np.arange(len(members))

    def remove(self, index: int) -> None:
        """Let a box not be found any more."""
        self._there[self._places[index]] = False

    def of(self, box: NDArray[np.float32], apart: float = 0.0) -> NDArray[np.intp]:
        """Return the members that overlap a box, (4,), or are `apart` pixels from it at most."""
        left, top = box[0] - apart, box[1] - apart
        right, bottom = box[2] + apart, box[3] + apart
        start, end = np.searchsorted(self._left, [left - self._widest, right])
        part = slice(start, end)
        near = (
            self._there[part]
            & (self._right[part] > left)
            & (self._top[part] < bottom)
            & (self._bottom[part] > top)
        )
        return np.asarray(self._members[part][near])
