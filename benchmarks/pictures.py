"""JPEGs and PNGs of any size, made of real pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

QUALITY = 90
_NOISE = 4  # of 255: what a sensor adds, without which an enlarged picture is too easy to decode


def jpeg(source: Path, width: int, height: int) -> bytes:
    """Return the middle of a picture, scaled to fill `width` x `height` pixels, with some noise."""
    picture = cv2.imread(str(source))
    assert picture is not None, source  # noqa: S101 - for mypy
    scale = max(width / picture.shape[1], height / picture.shape[0])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    filling = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    scaled = cv2.resize(picture, filling, interpolation=interpolation)
    left, top = (filling[0] - width) // 2, (filling[1] - height) // 2
    cut = scaled[top : top + height, left : left + width]
    cv2.setRNGSeed(0)
    noise = np.empty(cut.shape, np.int16)
    cv2.randn(noise, np.zeros(3), np.full(3, _NOISE, np.float64))
    noisy = np.clip(cut + noise, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def png(source: Path, width: int, height: int) -> bytes:
    """Return the picture of `jpeg` as CVAT sends the frame of a video: encoded anew by OpenCV."""
    frame = cv2.imdecode(np.frombuffer(jpeg(source, width, height), np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None  # noqa: S101 - for mypy
    return cv2.imencode(".png", frame)[1].tobytes()


@dataclass(frozen=True)
class Size:
    """Pictures of `width` x `height` pixels, JPEGs unless `encode` says otherwise."""

    width: int
    height: int
    encode: Callable[[Path, int, int], bytes] = jpeg

    def __str__(self) -> str:
        return f"{self.width}x{self.height}{'' if self.encode is jpeg else ' PNG'}"

    def of(self, source: Path) -> bytes:
        return self.encode(source, self.width, self.height)
