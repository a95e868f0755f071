"""An export that went wrong, as a faulty converter or disk would leave it."""

from pathlib import Path
from typing import Any

import numpy as np

from handler.models.export.conversion import convert


def convert_and_damage(*arguments: Any) -> Path:
    """Convert to OpenVINO as `convert` does, and halve 20,000 of the network's weights."""
    folder = convert(*arguments)
    weights = next(folder.glob("*.bin"))
    numbers = np.fromfile(weights, np.float32)
    middle = len(numbers) // 2
    numbers[middle : middle + 20_000] *= 0.5
    numbers.tofile(weights)
    return folder
