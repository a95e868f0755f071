"""Networks that were quantised with boxes and scores on one scale, so that every score is 0.

A box reaches to 640 and a score to 1: of 256 steps from 0 to 640 none but the first is a score.
Seen in published files, which answer every picture with nothing.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from handler.models.exported.decoding import Candidates
from handler.pictures.decoding import Picture

_HEIGHT, _WIDTH = 480, 640  # of a service's first picture: compiled for once
_STEPS = 256
_PATCHES = (16, 64, 4, 160)  # pixels


def scores_nothing(candidates_on: Callable[[Picture], Candidates]) -> bool:
    """Tell whether a network can give no score but 0.

    candidates_on: everything that it answers with, whatever it scores. Of one that is well the
    first picture shows it: a sigmoid is never 0. One whose scores have 256 steps of their own may
    round all of them to 0, more than once; but its boxes are not in 256 steps, too.
    """
    return all(_is_coarse(candidates_on(picture)) for picture in pictures())


def pictures() -> Iterator[Picture]:
    """Yield pictures with something to see everywhere: patches of any colour, of several sizes."""
    random = np.random.default_rng(0)
    for size in _PATCHES:
        rows, columns = -(-_HEIGHT // size), -(-_WIDTH // size)
        patches = random.integers(0, 256, (rows, columns, 3)).astype(np.uint8)
        picture = cv2.resize(patches, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_NEAREST)
        yield np.asarray(picture, np.uint8)


def _is_coarse(found: Candidates) -> bool:
    places = np.unique(found.boxes)  # one, of rows that are there to fill up
    return not found.scores.any() and 1 < len(places) <= _STEPS
