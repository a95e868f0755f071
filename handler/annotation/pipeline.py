"""Frames annotated one beside the other: one is decoded, one drawn, while one is in the network."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

from handler.annotation.results import Results
from handler.annotation.sources import Frame
from handler.errors import AnnotateError
from handler.machine import cpus
from handler.pictures.drawing import draw_on
from handler.pictures.files import about_file
from handler.progress import Shown, shown_by
from handler.service import Service

MOST = 8  # frames under way; more threads than this wait for the network anyway
_LOOKS = 20  # frames without shapes that are asked a second time: each takes as long as a frame


@dataclass(frozen=True)
class Annotated:
    """What came of a frame: its shapes, or in one line why there are none.

    best: the label and score of the best object below the threshold, where nothing was found.
    """

    frame: Frame
    shapes: tuple[dict[str, Any], ...] = ()
    best: tuple[str, float] | None = None
    failure: str | None = None


class Pipeline:
    """A model and where its results go.

    show_tiles: called with the tiles of a large picture that are done, and all there are.
    """

    def __init__(
        self,
        service: Service,
        results: Results,
        threshold: float | None,
        show_tiles: Shown | None = None,
    ) -> None:
        self._service = service
        self._results = results
        self._threshold = threshold
        self._show_tiles = show_tiles
        self._looks = count()

    def annotate(self, frames: Iterable[Frame]) -> Generator[Annotated, None, None]:
        """Annotate frames and write their results; yield what came of each, in order.

        As many are under way as there are processors, and one more: the libraries let go of
        Python's lock. So memory does not grow with the number of frames. When the caller stops,
        what is under way is finished.

        Raises:
            SettingsError: results cannot be written.
        """
        at_once = min(cpus.available() + 1, MOST)
        waiting: deque[Future[Annotated]] = deque()
        with ThreadPoolExecutor(at_once, thread_name_prefix="annotate") as pool:
            try:
                for frame in frames:
                    waiting.append(pool.submit(self._annotated, frame))
                    if len(waiting) == at_once:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _annotated(self, frame: Frame) -> Annotated:
        service, results = self._service, self._results
        try:
            picture = frame.read()
            with shown_by(self._show_tiles):
                found = service.detect(picture, self._threshold)
            shapes = service.shapes(found, picture)
            looks = not shapes and next(self._looks) < _LOOKS
            best = service.best_below(picture) if looks else None
        except (AnnotateError, OSError) as error:
            return Annotated(frame, failure=about_file(str(frame), error))
        drawn = None
        if results.pictures != "none":
            drawn = draw_on(picture, shapes, service.labels)
        results.write(frame.name, shapes, drawn)
        return Annotated(frame, tuple(shapes), best)
