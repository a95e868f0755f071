"""What an exported network is shown: how large, and in which shapes."""

import math

import numpy as np

from handler.machine.machine import cpu_flags
from handler.models.engines.engine import Input, Normalisation
from handler.models.exported.libraries import library_of
from handler.models.folder.metadata import Metadata
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.pictures.letterbox import Letterbox

RTDETR = "RTDETRDecoder"  # the head of a transformer, which sees pictures stretched

# Heights and widths of pictures as most cameras make them.
_LIKELY = ((480, 640), (640, 480), (360, 640), (640, 360), (427, 640), (640, 427), (640, 640))


def input_of(metadata: Metadata, task: str, options: Options) -> Input:
    """Return how a network takes colours, and the shapes of what it will be shown."""
    size = size_of(options, metadata, task)
    if task == "classify":
        return Input(library_of(metadata).colours, (size,))
    if metadata.head == RTDETR:
        return Input(Normalisation(), (size,))
    seen = (
        Letterbox.fit(np.empty((*shape, 3), np.uint8), size, metadata.stride)[0].shape
        for shape in _LIKELY
    )
    return Input(
        Normalisation(), tuple(dict.fromkeys((rows, columns) for rows, columns, _ in seen))
    )


def size_of(options: Options, metadata: Metadata, task: str) -> tuple[int, int]:
    """Return the height and width to see pictures in, multiples of the stride."""
    usual = 224 if task == "classify" else 640
    asked = options.image_size or usual
    sides = (asked, asked) if options.image_size else metadata.image_size or (asked, asked)
    height, width = (math.ceil(side / metadata.stride) * metadata.stride for side in sides)
    return height, width


def sees_whole(metadata: Metadata, folder: ModelFolder) -> bool:
    """Tell whether pictures are padded to the whole size, though the network's sides are free.

    So ultralytics does on processors with AMX with what it exported in eight bits itself
    (`nn/backends/openvino.py`, 8.4), and answers otherwise there than elsewhere.
    """
    by_ultralytics = metadata.in_eight_bits and "exported" not in folder.config
    return by_ultralytics and folder.weights.is_dir() and "amx_int8" in cpu_flags()
