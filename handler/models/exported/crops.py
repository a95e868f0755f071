"""A picture made to fit a classifier: its middle, scaled to what the network sees."""

import cv2
import numpy as np
from PIL import Image

from handler.pictures.decoding import Picture


def scaled_then_cropped(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return `size`, (height, width), as ultralytics does: the shorter side scaled to a square's.

    Scaled by Pillow, which weighs all pixels, as torchvision's Resize and CenterCrop.
    """
    height, width = picture.shape[:2]
    rows, columns = size
    if rows == columns:
        short = min(height, width)
        scaled = (rows * width // short, rows * height // short)
    else:
        scaled = (columns, rows)
    image = Image.fromarray(picture).resize(scaled, Image.Resampling.BILINEAR)
    left, top = (
        round((whole - part) / 2) for whole, part in zip(scaled, (columns, rows), strict=True)
    )
    return np.asarray(image)[top : top + rows, left : left + columns]


def cropped_then_scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return `size`, (height, width), as YOLOv5 does: the largest square in the middle, scaled."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, size[::-1]), np.uint8)
