"""The frames of a video, decoded and numbered as CVAT does it.

CVAT 2.73 (`cvat/apps/engine/media_extractors.py`) decodes the first video stream with PyAV, counts
the frames from 0 in the order in which they are shown, and turns each by what the file says.
"""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from handler.errors import RequestError
from handler.models.libraries import check_extra
from handler.pictures.decoding import Picture, check_size


def frames(path: Path, every: int, max_pixels: int) -> Iterator[tuple[int, Callable[[], Picture]]]:
    """Yield the number of each `every`-th frame, and what returns its pixels, BGR.

    Raises:
        RequestError: the file is no video, is damaged, or its frames have more than `max_pixels`.
        SettingsError: PyAV is not installed.
    """
    av = _library()
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
            stream.thread_type = "AUTO"
            number = -1
            for number, frame in enumerate(container.decode(stream)):
                if number % every == 0:
                    yield number, _reader(frame)
            if number < 0:
                raise RequestError("'image' has no frames", "Is it complete?")
    except (av.FFmpegError, IndexError) as error:
        reason = str(error).strip() or type(error).__name__
        raise RequestError(
            f"'image' cannot be read as a video ({reason})", "Copy it again, or convert it."
        ) from None


def length(path: Path) -> int:
    """Return how many frames a video says that it has; 0 where it does not say.

    Raises:
        SettingsError: PyAV is not installed.
    """
    av = _library()
    try:
        with av.open(str(path)) as container:
            return int(container.streams.video[0].frames)
    except (av.FFmpegError, IndexError):
        return 0


def _library() -> Any:
    check_extra("A video", "av", "video")
    return importlib.import_module("av")


def _reader(frame: Any) -> Callable[[], Picture]:
    def read() -> Picture:
        picture = frame.to_ndarray(format="bgr24")
        turns = round((frame.rotation or 0) / 90) % 4
        return np.ascontiguousarray(np.rot90(picture, turns), np.uint8)

    return read
