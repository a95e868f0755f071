"""A large picture cut into overlapping tiles, each of which a network can see at its own scale."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from handler.pictures.decoding import Picture

# A box that ends this part of a tile's longer side from its edge, or nearer, may be cut by it.
_NEAR_EDGE = 1 / 320


class Tile(NamedTuple):
    """One tile, in pixels of the picture; right and bottom are the first that it does not have."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, picture: Picture) -> Picture:
        """Return the tile's pixels: a view of the picture's, not a copy."""
        return picture[self.top : self.bottom, self.left : self.right]

    def cuts(self, extents: NDArray[np.float32], width: int, height: int) -> NDArray[np.bool_]:
        """Return at which of the tile's inner edges objects end, (n, 4): left top right bottom.

        extents: (n, 4), x1 y1 x2 y2 in pixels of the picture. width, height: the picture's, whose
        own edges cut nothing.
        """
        near = max(2.0, max(self.right - self.left, self.bottom - self.top) * _NEAR_EDGE)
        inner = np.array(
            [self.left > 0, self.top > 0, self.right < width, self.bottom < height], bool
        )
        beyond = np.array([self.left + near, self.top + near], np.float32)
        before = np.array([self.right - near, self.bottom - near], np.float32)
        ends = np.concatenate([extents[:, :2] <= beyond, extents[:, 2:] >= before], axis=1)
        return np.asarray(ends & inner, bool)


@dataclass(frozen=True)
class Tiling:
    """How large pictures are answered.

    size: the tiles' height and width; None is what the model was trained at. overlap: of two
    neighbours, in parts of a side. whole: the whole picture is looked at, too, for what is larger
    than a tile. merge: what becomes of objects that several tiles see, greedy, nms or none; metric,
    threshold: which are one, see `detection.merging`. above: pictures whose longer side has no more
    pixels are answered without tiles.
    """

    size: tuple[int, int] | None = None
    overlap: float = 0.2
    whole: bool = True
    merge: str = "greedy"
    metric: str = "ios"
    threshold: float = 0.5
    above: int = 1280

    @classmethod
    def of(cls, chosen: dict[str, Any]) -> Self:
        """Return the tiling of the keys of `tile:`, as `settings.TILE` reads them."""
        size = chosen.get("size", "auto")
        return cls(**(chosen | {"size": None if size == "auto" else (size[0], size[1])}))

    def tiles(self, width: int, height: int) -> list[Tile]:
        """Return the tiles of a picture, none where it is answered without.

        Raises:
            ValueError: the size is not known.
        """
        if self.size is None:
            raise ValueError("the size of the tiles is not known")
        if max(width, height) <= self.above:
            return []
        made = cut(width, height, self.size, self.overlap)
        return made if len(made) > 1 else []


def cut(width: int, height: int, size: tuple[int, int], overlap: float) -> list[Tile]:
    """Return tiles of `size`, (height, width), row by row, that cover a picture.

    They lie as SAHI's do (`get_slice_bboxes`): each starts one step after the one before it, a side
    less the overlap; the last of a row, and the last row, end where the picture does. A side that
    is larger than the picture's is the picture's.
    """
    rows = _starts(height, size[0], int(overlap * size[0]))
    columns = _starts(width, size[1], int(overlap * size[1]))
    return [
        Tile(left, top, min(left + size[1], width), min(top + size[0], height))
        for top in rows
        for left in columns
    ]


def count(width: int, height: int, size: tuple[int, int], overlap: float) -> int:
    """Return how many tiles `cut` gives."""
    rows = _starts(height, size[0], int(overlap * size[0]))
    return len(rows) * len(_starts(width, size[1], int(overlap * size[1])))


def _starts(length: int, side: int, common: int) -> list[int]:
    starts = list(range(0, max(length - side, 0), side - common))
    return [*starts, max(length - side, 0)]
