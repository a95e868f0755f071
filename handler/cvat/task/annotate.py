"""All frames of a task, from the server through the model and back."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from handler.cvat.sdk.function import Detector
from handler.cvat.sdk.requests import requests_of
from handler.cvat.shapes import shapes_of
from handler.cvat.task.connection import Server
from handler.cvat.task.frames import Frame, frames_of
from handler.cvat.task.matching import Matching, match
from handler.cvat.task.upload import Upload
from handler.errors import AnnotateError, SettingsError
from handler.pictures.files import about_file


@dataclass(frozen=True)
class Choices:
    """What the user decides.

    threshold: None is the model's own. only_empty: leave frames alone that have annotations.
    clear: remove all that the task has, before the first upload. batch: frames in one upload.
    """

    threshold: float | None = None
    only_empty: bool = False
    clear: bool = False
    batch: int = 100


@dataclass
class Outcome:
    """What came of a task: how many frames and annotations, and which frames failed, and why."""

    frames: int = 0
    annotations: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass
class Told:
    """Who is told how it goes: `note` gets a line, `total` and `advance` numbers of frames."""

    note: Callable[[str], None]
    total: Callable[[int], None]
    advance: Callable[[int], None]


def annotate_task(
    server: Server,
    number: int,
    detector: Detector,
    task: str,
    choices: Choices,
    told: Told,
) -> Outcome:
    """Annotate a task; what fails on one frame is in the outcome, and the others go on.

    detector, task: the model, and what it is trained for, a key of `SHAPE_TYPES`.

    Raises:
        SettingsError: the task has no frames, or none of the model's labels.
        ServerError: the server refuses, fails for too long, or is not CVAT.
    """
    what = f"task {number}"
    entity = server.ask(what, lambda: server.client.tasks.retrieve(number))
    if not entity.size:
        raise SettingsError(f"Task {number} has no pictures", "Upload some first.")
    matching = match(
        detector.label_of_class, task, server.ask(f"labels of {what}", entity.get_labels)
    )
    for note in matching.notes:
        told.note(note)
    meta = server.ask(f"pictures of {what}", entity.get_meta)
    upload = Upload(server, number)
    skipped = set(meta.deleted_frames) | (set(upload.frames) if choices.only_empty else set())
    indices = [index for index in range(entity.size) if index not in skipped]
    told.total(len(indices))
    names = [frame.name for frame in meta.frames]
    work = _Work(detector, matching, choices.threshold, count(upload.last_group + 1))
    outcome = Outcome()
    with (
        closing(frames_of(server, entity, indices, names, detector.max_pixels)) as frames,
        _Sender(upload, choices) as sender,
    ):
        for frame in frames:
            outcome.frames += 1
            try:
                found = work.annotations_of(frame)
            except AnnotateError as error:
                outcome.failures.append(about_file(frame.name, error))
                found = []
            outcome.annotations += len(found)
            sender.add(found)
            told.advance(1)
    return outcome


@dataclass
class _Work:
    """A model, and what a task makes of its objects."""

    detector: Detector
    matching: Matching
    threshold: float | None
    groups: Iterator[int]

    def annotations_of(self, frame: Frame) -> list[Any]:
        """Return the requests for one frame.

        Raises:
            AnnotateError: the picture cannot be read, or the model failed on it.
        """
        if isinstance(frame.picture, AnnotateError):
            raise frame.picture
        labels = self.matching.labels
        found = self.detector.detect(frame.picture, self.threshold)
        known = np.array([label is not None for label in labels], bool)
        found = found.where(known[found.classes])
        height, width = frame.picture.shape[:2]
        fitting = [label or self.detector.labels[0] for label in labels]
        requests = requests_of(
            shapes_of(found, fitting, width, height), self.matching.ids, self.groups
        )
        for request in requests:
            for each in (request, *getattr(request, "elements", ())):
                each.frame = frame.index
                each.source = "auto"
        return requests


class _Sender:
    """Uploads in a thread of its own, a batch at a time, the rest at the end."""

    def __init__(self, upload: Upload, choices: Choices) -> None:
        self._upload = upload
        self._choices = choices
        self._thread = ThreadPoolExecutor(1)
        self._sent: deque[Future[None]] = deque()
        self._frames = 0
        self._batch: list[Any] = []

    def __enter__(self) -> "_Sender":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            # What the model has found is worth sending, whatever ended the run.
            self._send()
            while self._sent:
                self._sent.popleft().result()
        except Exception:
            if kind is None:
                raise
        finally:
            self._thread.shutdown(cancel_futures=True)

    def add(self, found: list[Any]) -> None:
        """Take the annotations of one frame.

        Raises:
            ServerError: the server did not take those before.
        """
        self._batch += found
        self._frames += 1
        if self._frames == self._choices.batch:
            self._send()
        while len(self._sent) > 1:
            self._sent.popleft().result()

    def _send(self) -> None:
        if self._choices.clear:
            self._choices = Choices(batch=self._choices.batch)
            self._sent.append(self._thread.submit(self._upload.clear))
        self._sent.append(self._thread.submit(self._upload.send, self._batch))
        self._batch, self._frames = [], 0
