"""Any family's model on large pictures: asked for tiles, and one answer made of theirs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from handler.detection.detections import Detections
from handler.detection.merging import Rule, merge
from handler.detection.regions import extents_of
from handler.errors import SettingsError
from handler.models.families import Model
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
        steps = len(tiles) + self.tiling.whole
        found, cuts = [], []
        for number, (tile, seen) in enumerate(self._answers(picture, tiles, threshold), start=1):
            placed = seen.moved(tile.left, tile.top)
            found.append(placed)
            cuts.append(tile.cuts(extents_of(placed), width, height))
            step(number, steps)
        if self.tiling.whole:
            found.append(self._model.predict(picture, threshold))
            cuts.append(np.zeros((len(found[-1]), 4), bool))
            step(steps, steps)
        part("tiles")
        merged = merge(Detections.joined(found), np.concatenate(cuts), self._rule)
        part("merge")
        return merged.take(np.arange(len(merged))[: self._most])

    def _answers(
        self, picture: Picture, tiles: list[Tile], threshold: float
    ) -> Iterable[tuple[Tile, Detections]]:
        views = (tile.of(picture) for tile in tiles)
        each = getattr(self._model, "predict_each", self._one_by_one)
        return zip(tiles, each(views, threshold), strict=True)

    def _one_by_one(self, pictures: Iterable[Picture], threshold: float) -> Iterator[Detections]:
        return (self._model.predict(picture, threshold) for picture in pictures)
