"""How detectors of other repositories see a picture, each as its own code makes it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handler.pictures.decoding import Picture

Numbers = NDArray[np.float32]

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # of ImageNet
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_GREY = 114


@dataclass(frozen=True)
class View:
    """What a network sees of a picture, and what brings its pixels back to the picture's.

    numbers: (1, 3, height, width) float32. scale: pixels of the picture for one of the network,
    across and down.
    """

    numbers: Numbers
    scale: tuple[float, float]


Make = Callable[[Picture, int, int], View]


def in_the_corner(picture: Picture, height: int, width: int) -> View:
    """Scale to lie within, at the top left, blue first, 0 to 255: YOLOX's `preproc`."""
    return _cornered(
        picture, height, width, lambda size: np.asarray(cv2.resize(picture, size), np.uint8)
    )


def in_the_corner_by_pillow(picture: Picture, height: int, width: int) -> View:
    """The same as LibreYOLO does it, which weighs all pixels."""
    return _cornered(picture, height, width, lambda size: _by_pillow(picture, *size))


def stretched_by_pillow(picture: Picture, height: int, width: int) -> View:
    """Stretch, weighing all pixels, red first, 0 to 1: D-FINE and RT-DETRv2, by `Resize`."""
    pixels = np.asarray(_by_pillow(picture, width, height), np.float32)
    return _stretched(picture, np.asarray(pixels / 255, np.float32))


def stretched(picture: Picture, height: int, width: int) -> View:
    """Stretch, red first, 0 to 1: RT-DETR in LibreYOLO."""
    pixels = np.asarray(cv2.resize(picture, (width, height)), np.float32)
    return _stretched(picture, np.asarray(pixels / 255, np.float32))


def stretched_and_normalised(picture: Picture, height: int, width: int) -> View:
    """Stretch in floating point, red first, less ImageNet's mean: RF-DETR's `predict`."""
    scaled = np.asarray(picture, np.float32) / np.float32(255)
    numbers = np.asarray(cv2.resize(scaled, (width, height)), np.float32)
    return _stretched(picture, (numbers - _MEAN[::-1]) / _DEVIATION[::-1])


def _by_pillow(picture: Picture, width: int, height: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))


def _stretched(picture: Picture, numbers: Numbers) -> View:
    height, width = numbers.shape[:2]
    scale = (picture.shape[1] / width, picture.shape[0] / height)
    red_first = np.ascontiguousarray(numbers[..., ::-1].transpose(2, 0, 1))
    return View(red_first[None], scale)


def _cornered(
    picture: Picture,
    height: int,
    width: int,
    resize: Callable[[tuple[int, int]], NDArray[np.uint8]],
) -> View:
    ratio = min(height / picture.shape[0], width / picture.shape[1])
    columns, rows = int(picture.shape[1] * ratio), int(picture.shape[0] * ratio)
    padded = np.full((height, width, 3), _GREY, np.float32)
    padded[:rows, :columns] = resize((columns, rows))
    return View(np.ascontiguousarray(padded.transpose(2, 0, 1))[None], (1 / ratio, 1 / ratio))
