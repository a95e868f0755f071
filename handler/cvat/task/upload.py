"""Annotations on their way to a task, in batches, each of which arrives once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cvat_sdk.models import LabeledImageRequest, PatchedLabeledDataRequest

from handler.cvat.task.connection import Server


class Upload:
    """The annotations of a task.

    frames: how many each frame has, by its index. last_group: the highest group that is taken.
    """

    def __init__(self, server: Server, number: int) -> None:
        self._server = server
        self._number = number
        self._tasks = server.client.tasks.api
        existing = server.ask(f"annotations of task {number}", self._annotations)
        self.frames = _by_frame(existing)
        self.last_group = max((getattr(each, "group", None) or 0 for each in existing), default=0)

    def clear(self) -> None:
        """Remove all annotations of the task.

        Raises:
            ServerError: the server does not do it.
        """
        what = f"removing the annotations of task {self._number}"
        self._server.ask(what, lambda: self._tasks.destroy_annotations(self._number))
        self.frames = Counter()

    def send(self, batch: Sequence[Any]) -> None:
        """Add shapes and tags to the task.

        Where the connection breaks it is not known whether they arrived: that is looked up by the
        number of annotations on their frames before they are sent again.

        Raises:
            ServerError: the server does not take them.
        """
        if not batch:
            return
        tags = [each for each in batch if isinstance(each, LabeledImageRequest)]
        shapes = [each for each in batch if not isinstance(each, LabeledImageRequest)]
        request = PatchedLabeledDataRequest(tags=tags, shapes=shapes)
        tried = False

        def create() -> None:
            nonlocal tried
            if tried and self._have_arrived(batch):
                return
            tried = True
            self._tasks.partial_update_annotations(
                "create", self._number, patched_labeled_data_request=request
            )

        self._server.ask(f"{len(batch)} annotations for task {self._number}", create)
        self.frames.update(_by_frame(batch))

    def _have_arrived(self, batch: Iterable[Any]) -> bool:
        now = _by_frame(self._annotations())
        return all(
            now[frame] >= self.frames[frame] + count for frame, count in _by_frame(batch).items()
        )

    def _annotations(self) -> list[Any]:
        found, _ = self._tasks.retrieve_annotations(self._number)
        return [*found.shapes, *found.tags]


def _by_frame(annotations: Iterable[Any]) -> Counter[int]:
    return Counter(each.frame for each in annotations)
