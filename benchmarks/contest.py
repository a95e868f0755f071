"""The naive handler and ours, and the frames that both are asked for in turn."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.models import ROOT, Subject
from benchmarks.pictures import Size, png
from handler.bench.requests import body_of
from handler.bench.worker import Contender, Worker

NAIVE, BEST, BROUGHT = "naive", "best", "ultralytics' export"
JPEGS = (Size(640, 480), Size(1920, 1080), Size(4000, 3000))
FRAMES = (Size(1280, 720, png), Size(1920, 1080, png), Size(3840, 2160, png))  # of videos

_LOWEST = 0.001
_FEWEST, _MOST = 5, 30  # objects on a picture, where the model finds as many


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    pictures: of each size. rounds: answers of each handler, one core: half of it. starts: of each,
    with `frames_of_start` answers before the memory is read. bursts: with two workers, of
    `frames_of_burst`.
    """

    pictures: int = 2
    rounds: int = 40
    starts: int = 5
    frames_of_start: int = 20
    bursts: int = 5
    frames_of_burst: int = 12
    sizes: Sequence[Size] = JPEGS + FRAMES


FULL = Extent()
QUICK = Extent(rounds=12, starts=2, bursts=2, frames_of_burst=8, sizes=(*JPEGS[:2], FRAMES[1]))


@dataclass(frozen=True)
class Contest:
    """Who takes part, and the requests' bodies by the pictures' size, as text.

    ours: by precision: first that of the export, then what else the machine computes in, int8; and
    what ultralytics exported, which `best` has as well.
    """

    subject: Subject
    extent: Extent
    naive: Contender
    ours: Mapping[str, Contender]
    bodies: Mapping[str, Sequence[bytes]]
    best: Contender | None = None

    @property
    def three(self) -> dict[str, Contender]:
        """The naive handler, the best, and ours in the precision of the export."""
        best = {} if self.best is None else {BEST: self.best}
        return {NAIVE: self.naive, **best, self.exported: self.ours[self.exported]}

    @property
    def exported(self) -> str:
        """The precision of the export, in which it was verified."""
        return self.subject.precision

    @classmethod
    def between(cls, subject: Subject, extent: Extent) -> "Contest":
        """Return the contest over a model; the naive handler says which thresholds are sensible."""
        path = {"PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
        weights = {"WEIGHTS": str(subject.weights), "YOLO_OFFLINE": "true"}
        naive = Contender("benchmarks.naive:handler", path | weights)
        ours = {
            name: Contender(environment=path | environment)
            for name, environment in _ours(subject).items()
        }
        best = None
        if subject.best is not None:
            settings = {"WEIGHTS": str(subject.best), "YOLO_OFFLINE": "true", "TASK": subject.task}
            best = Contender("benchmarks.best:handler", path | settings)
        with Worker(naive) as worker:
            bodies = {
                str(size): [
                    _asked(worker, size.of(picture))
                    for picture in subject.pictures[: extent.pictures]
                ]
                for size in extent.sizes
            }
        return cls(subject, extent, naive, ours, bodies, best)


def _ours(subject: Subject) -> dict[str, dict[str, str]]:
    from handler.models.engines.engine import precisions

    exported = {"ANNOTATE_WEIGHTS": str(subject.exported)}
    ours = {subject.precision: exported}
    for precision in precisions():
        ours.setdefault(precision, exported | {"ANNOTATE_PRECISION": precision})
    if subject.int8 is not None:
        ours["int8"] = {"ANNOTATE_WEIGHTS": str(subject.int8)}
    if subject.best is not None and subject.thorough:
        ours[BROUGHT] = {"ANNOTATE_WEIGHTS": str(subject.best)}
    return ours


def _asked(naive: Worker, picture: bytes) -> bytes:
    """Return a request with a threshold that no score is near, so that rounding decides nothing."""
    shapes = naive.answer(body_of(picture, threshold=_LOWEST)).shapes
    scores = sorted((float(shape["confidence"]) for shape in shapes), reverse=True)
    return body_of(picture, threshold=threshold_among(scores))


def threshold_among(scores: Sequence[float]) -> float:
    """Return the middle of the widest gap below the first few scores, the highest first."""
    if not scores:
        return 0.5
    few = min(len(scores), _FEWEST)
    gaps = pairwise([*scores, 0.0][few - 1 : _MOST])
    above, below = max(gaps, key=lambda gap: gap[0] - gap[1])
    return (above + below) / 2
