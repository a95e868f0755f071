"""Any family's model on large pictures: asked for tiles, and one answer made of theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from handler.detection.detections import Detections
from handler.detection.merging import Rule, merge
from handler.detection.regions import extents_of
from handler.errors import SettingsError
from handler.models.families import Model, OfMany
from handler.models.folder.options import Options
from handler.pictures.decoding import Picture
from handler.pictures.tiles import Tile, Tiling
from handler.progress import step
from handler.timings import part

# Tasks whose answers no tiles give.
_WHOLE = {
    "classify": "a classifier tells what a whole picture is, which no tile shows",
    "semantic": "a class for every pixel is told from the whole picture, and parts do not fit",
}


def with_tiles(model: Model, options: Options) -> Model:
    """Return a model that answers large pictures by tiles, where the options say so.

    Raises:
        SettingsError: its task needs the whole picture, or it does not say at which size it was
            trained.
    """
    tiling = options.tile
    if tiling is None:
        return model
    if model.task in _WHOLE:
        raise SettingsError(
            f"tile: {_WHOLE[model.task]}", "Remove `tile` from model.yaml, and ANNOTATE_TILE."
        )
    if tiling.size is None:
        if model.image_size is None:
            raise SettingsError(
                f"tile: a {model.description} does not say at which size it was trained",
                "Write the size of the tiles in pixels, such as `tile: {size: 640}`.",
            )
        tiling = replace(tiling, size=model.image_size)
    return Tiled(model, tiling, options)


class Tiled:
    """A model that answers pictures above a size by tiles; all else is the model's own."""

    def __init__(self, model: Model, tiling: Tiling, options: Options) -> None:
        self.tiling = tiling
        self.task = model.task
        self.classes = model.classes
        self.keypoints = model.keypoints
        self.description = model.description
        self.versions = model.versions
        self.without = model.without
        self.remarks = model.remarks
        self.image_size = model.image_size
        self._model = model
        self._rule = Rule(tiling.merge, tiling.metric, tiling.threshold, options.agnostic_nms)
        self._most = options.max_detections

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return the objects on `picture`, (h, w, 3) uint8 BGR; see `families.Model.predict`."""
        height, width = picture.shape[:2]
        tiles = self.tiling.tiles(width, height)
        if not tiles:
            return self._model.predict(picture, threshold)
        if self.tiling.whole:
            tiles.append(Tile(0, 0, width, height))
        found, cuts = [], []
        for tile, seen in zip(tiles, self._answers(picture, tiles, threshold), strict=True):
            found.append(seen.moved(tile.left, tile.top))
            cuts.append(tile.cuts(extents_of(found[-1]), width, height))
            step(len(found), len(tiles))
        merged = merge(Detections.joined(found), np.concatenate(cuts), self._rule)
        part("merge")
        return merged.take(np.arange(len(merged))[: self._most])

    def _answers(
        self, picture: Picture, tiles: Sequence[Tile], threshold: float
    ) -> Iterator[Detections]:
        views = (tile.of(picture) for tile in tiles)
        if isinstance(self._model, OfMany):
            return self._model.predict_each(views, threshold)
        return (self._model.predict(view, threshold) for view in views)
