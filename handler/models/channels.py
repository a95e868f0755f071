"""The channels of the pictures that a network takes: CVAT sends three."""

from pathlib import Path

from handler.errors import WeightsError

SERVED = (1, 3)  # grey is made of colour


def check_channels(weights: Path, channels: int, served: tuple[int, ...] = (3,)) -> None:
    """Refuse a network that takes what nobody sends.

    Raises:
        WeightsError: it takes pictures of another number of channels than `served`.
    """
    if channels not in served:
        raise WeightsError(
            f"{weights} takes {channels}-channel pictures; CVAT sends colour ones, of 3 channels",
            "Train it on colour pictures, or write a plugin that makes the channels it takes: "
            "docs/families/plugin.md.",
        )
