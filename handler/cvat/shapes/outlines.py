"""The outlines of a mask as rings of points, simplified to about a pixel.

A ring is (n, 2) float, x and y in pixels of the picture, along the edges of the mask's pixels.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Mask

Ring = NDArray[np.float64]

TOLERANCE = 1.0  # how far, in pixels, a ring may leave the true outline


def around(mask: Mask) -> list[list[Ring]]:
    """Return the parts of a mask, the largest first: of each its outer ring, then its holes'."""
    edges = _edge_grid(mask.pixels)
    found: tuple[Any, Any] = cv2.findContours(edges, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    contours, tree = found
    parts: dict[int, list[Ring]] = {}
    holes: list[tuple[int, Ring]] = []
    for index, contour in enumerate(contours):
        ring = _simplified(contour, mask)
        parent = int(tree[0][index][3])
        if parent < 0:
            parts[index] = [ring if len(ring) > 2 else _corners(contour, mask)]
        elif len(ring) > 2:
            holes.append((parent, ring))
    for parent, ring in holes:
        parts[parent].append(ring)
    return sorted(parts.values(), key=lambda part: -_area(part[0]))


def joined(rings: list[Ring]) -> Ring:
    """Return one ring through all rings, by cuts that run there and back between two points.

    The cuts have no area: filled, the result is what the rings are, holes included.
    """
    whole = rings[0]
    for ring in rings[1:]:
        nearest = int(((whole - ring[0]) ** 2).sum(axis=1).argmin())
        there_and_back = [whole[: nearest + 1], ring, ring[:1], whole[nearest:]]
        whole = np.concatenate(there_and_back)
    return whole


def _edge_grid(pixels: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a grid of twice the density in which contours run along the edges of pixels.

    OpenCV's contours run through the centres of pixels, half a pixel inside the object.
    """
    rows, columns = pixels.shape
    if not pixels.size:
        return np.zeros((1, 1), np.uint8)
    grid = np.zeros((2 * rows + 1, 2 * columns + 1), np.uint8)
    double = (2 * columns, 2 * rows)
    grid[:-1, :-1] = cv2.resize(pixels.astype(np.uint8), double, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.dilate(grid, np.ones((2, 2), np.uint8), anchor=(1, 1)), np.uint8)


def _simplified(contour: NDArray[np.int32], mask: Mask) -> Ring:
    close = cv2.approxPolyDP(contour, 2 * TOLERANCE, closed=True)
    return _on_picture(close, mask)


def _corners(contour: NDArray[np.int32], mask: Mask) -> Ring:
    x, y, width, height = cv2.boundingRect(contour)
    right, bottom = x + width - 1, y + height - 1
    return _on_picture(np.array([(x, y), (right, y), (right, bottom), (x, bottom)]), mask)


def _on_picture(points: NDArray[Any], mask: Mask) -> Ring:
    return points.reshape(-1, 2) / 2 + (mask.left, mask.top)


def _area(ring: Ring) -> float:
    return float(cv2.contourArea(ring.astype(np.float32)))
