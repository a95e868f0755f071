"""Masks from prototypes and coefficients, as YOLACT's line of models gives them.

The arithmetic is that of ultralytics' `process_mask_native` (`predict(retina_masks=True)`), with
each object cut out before it is enlarged: time and memory go with the objects, not the picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Mask

STRIDE = 4  # of the prototypes, in pixels of what the network sees


def decode(
    prototypes: NDArray[np.float32],
    coefficients: NDArray[np.float32],
    boxes: NDArray[np.float32],
    height: int,
    width: int,
    *,
    of_probabilities: bool = False,
) -> list[Mask]:
    """Return the mask of each object on a picture of `height` x `width` pixels.

    prototypes: (c, h, w) float32, of the letterboxed picture at a quarter of its size.
    coefficients: (n, c) float32.
    boxes: (n, 4) float32, x1 y1 x2 y2 in pixels of the picture; a mask ends at its box.
    of_probabilities: enlarge the sigmoid of the logits, as YOLOv5 does, not the logits.
    """
    channels, rows, columns = prototypes.shape
    flat = prototypes.reshape(channels, -1)
    letterbox = _Letterbox(rows, columns, height, width)
    masks = []
    for weights, box in zip(coefficients, boxes, strict=True):
        left, top = (max(0, int(np.ceil(value))) for value in box[:2])
        right, bottom = (
            min(limit, int(np.ceil(value)))
            for value, limit in zip(box[2:], (width, height), strict=True)
        )
        if right <= left or bottom <= top:
            masks.append(Mask(left, top, np.zeros((0, 0), bool)))
            continue
        logits = (weights @ flat).reshape(rows, columns)
        if of_probabilities:
            logits = np.tanh(logits / 2)  # which is the sigmoid, but for scale and offset
        pixels = letterbox.enlarge(logits, left, top, right, bottom) > 0
        masks.append(Mask.of(pixels, left, top))
    return masks


class _Letterbox:
    """Where the picture lies among the prototypes, on a grid `factor` times as fine."""

    def __init__(self, rows: int, columns: int, height: int, width: int) -> None:
        gain = min(STRIDE * rows / height, STRIDE * columns / width)
        padding = [
            STRIDE * grid - max(round(side * gain), 1)
            for grid, side in ((rows, height), (columns, width))
        ]
        # The coarsest grid on which the padding of both sides ends between two pixels.
        fitting = (f for f in (1, 2) if not any(p * f % (2 * STRIDE) for p in padding))
        self.factor = next(fitting, STRIDE)
        fine = (rows * self.factor, columns * self.factor)
        gain = min(fine[0] / height, fine[1] / width)
        self.content = [max(round(side * gain), 1) for side in (height, width)]
        self.start = [
            round((grid - inside) / 2 - 0.1)
            for grid, inside in zip(fine, self.content, strict=True)
        ]
        self.scale = (self.content[0] / height, self.content[1] / width)

    def enlarge(
        self, logits: NDArray[np.float32], left: int, top: int, right: int, bottom: int
    ) -> NDArray[np.float32]:
        """Return the logits at each pixel of a part of the picture, linearly between their own."""
        if self.factor > 1:
            logits = cv2.resize(logits, None, fx=self.factor, fy=self.factor)  # type: ignore[assignment]
        y, x = self.start
        content = logits[y : y + self.content[0], x : x + self.content[1]]
        down, across = self.scale
        to_grid = np.array(
            [
                [across, 0, (left + 0.5) * across - 0.5],
                [0, down, (top + 0.5) * down - 0.5],
            ]
        )
        return np.asarray(
            cv2.warpAffine(
                content,
                to_grid,
                (right - left, bottom - top),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.float32,
        )
