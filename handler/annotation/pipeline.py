"""Frames annotated one beside the other: one is decoded, one drawn, while one is in the network."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from handler.annotation.results import Results
from handler.annotation.sources import Frame
from handler.cvat.shapes import shapes_of
from handler.detection.detections import Detections
from handler.errors import AnnotateError, RequestError
from handler.machine import cpus
from handler.pictures.drawing import draw
from handler.service import Service


@dataclass(frozen=True)
class Annotated:
    """What came of a frame: its shapes, or why there are none.

    best: the class and score of the best object below the threshold, where nothing was found.
    """

    frame: Frame
    shapes: tuple[dict[str, Any], ...] = ()
    best: tuple[str, float] | None = None
    error: AnnotateError | None = None


def annotate(
    frames: Iterable[Frame], service: Service, results: Results, threshold: float | None
) -> Iterator[Annotated]:
    """Annotate frames and write their results; yield what came of each, in order.

    As many are under way as there are processors, and one more: the libraries let go of Python's
    lock. So memory does not grow with the number of frames. When the caller stops, what is under
    way is finished.

    Raises:
        SettingsError: results cannot be written.
    """

    def one(frame: Frame) -> Annotated:
        return _annotated(frame, service, results, threshold)

    at_once = cpus.available() + 1
    with ThreadPoolExecutor(at_once, thread_name_prefix="annotate") as pool:
        yield from _in_order(pool, one, frames, at_once)


def _in_order(
    pool: ThreadPoolExecutor,
    one: Callable[[Frame], Annotated],
    frames: Iterable[Frame],
    at_once: int,
) -> Iterator[Annotated]:
    waiting: deque[Future[Annotated]] = deque()
    try:
        for frame in frames:
            waiting.append(pool.submit(one, frame))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _annotated(
    frame: Frame, service: Service, results: Results, threshold: float | None
) -> Annotated:
    try:
        picture = frame.read()
        found = service.detect(picture, threshold)
        height, width = picture.shape[:2]
        shapes = shapes_of(found, service.label_of_class, width, height)
        best = _best(service, picture) if not len(found) else None
    except AnnotateError as error:
        return Annotated(frame, error=error)
    except OSError as error:
        return Annotated(frame, error=RequestError(f"It cannot be read ({error.strerror})"))
    drawn = None if results.pictures == "none" else draw(picture, shapes, service.labels)
    results.write(frame.name, shapes, drawn)
    return Annotated(frame, tuple(shapes), best)


def _best(service: Service, picture: Any) -> tuple[str, float] | None:
    """Return the class and score of the best object below the threshold, if there is one."""
    found: Detections = service.detect(picture, 0.01)
    if not len(found):
        return None
    index = int(found.scores.argmax())
    return service.model.classes[int(found.classes[index])], float(found.scores[index])
