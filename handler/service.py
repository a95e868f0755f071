"""One frame from request to reply, whoever carries it."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from handler.cvat.request import DetectorRequest
from handler.cvat.shapes import shapes_of, to_json
from handler.detection.detections import Detections
from handler.detection.labels import labels_of
from handler.detection.skeletons import with_skeletons
from handler.errors import (
    AnnotateError,
    BusyError,
    GoneError,
    InternalError,
    ModelError,
)
from handler.logs import Line, log
from handler.models import families
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.models.ready import ready_model
from handler.models.regions import left_out
from handler.pictures import budget, decoding
from handler.pictures.decoding import Picture
from handler.replies import Reply, Seen, error_reply
from handler.settings import Settings
from handler.timings import Timings

_LOWEST = 0.01  # the lowest threshold that CVAT's own field takes
_LOG_HAS_IT = "The function's log has the traceback under the request id."


def _waits() -> bool:
    return False


class Service:
    """A loaded model that answers CVAT's requests, one at a time."""

    def __init__(
        self, model: families.Model, folder: ModelFolder, options: Options, settings: Settings
    ) -> None:
        self.folder = folder
        self.model = model
        self.options = options
        config = folder.config
        labels = with_skeletons(
            labels_of(
                model.classes,
                model.task,
                config.get("label_types"),
                config.get("score_attribute"),
            ),
            model.keypoints,
            config,
        )
        unseen = left_out(options.background) if model.task == "semantic" else frozenset()
        self.labels = tuple(label for label in labels if label.name not in unseen)
        by_name = {label.name: label for label in labels}
        self.label_of_class = [by_name[name] for name in model.classes]
        self.max_pixels = settings.max_pixels
        self._memory = budget.of_process(settings.picture_memory)
        self._one_at_a_time = threading.Lock()

    @classmethod
    def load(cls, settings: Settings) -> "Service":
        """Load the model folder and predict once, so that the first frame is not a slow one.

        Raises:
            AnnotateError: the weights or the settings cannot be used.
        """
        return cls(*ready_model(settings), settings)

    def annotate(
        self,
        encoded: bytes,
        threshold: float | None = None,
        timings: Timings | None = None,
        gone: Callable[[], bool] = _waits,
    ) -> tuple[Picture, list[dict[str, Any]]]:
        """Return the pixels of an encoded picture and CVAT's shapes on it.

        gone: see `detect`.

        Raises:
            RequestError: the picture cannot be decoded.
            BusyError: there is no memory for it at this moment.
            ModelError: the model failed.
        """
        timings = timings or Timings()
        with self._memory.share() as share:
            picture = decoding.decode(encoded, self.max_pixels, share.take)
            share.keep(picture.nbytes)
            timings.mark("decode")
            found = self.detect(picture, threshold, timings, gone)
        shapes = self.shapes(found, picture)
        timings.mark("shapes")
        return picture, shapes

    def shapes(self, found: Detections, picture: Picture) -> list[dict[str, Any]]:
        """Return CVAT's shapes for what was found on a picture.

        Raises:
            BusyError: there is no memory for them at this moment.
            ModelError: the model gave what cannot be a shape.
        """
        height, width = picture.shape[:2]
        with _model_errors():
            return shapes_of(found, self.label_of_class, width, height)

    def best_below(self, picture: Picture) -> tuple[str, float] | None:
        """Return the label and the score of the likeliest object, whatever the thresholds.

        Raises:
            BusyError: there is no memory for it at this moment.
            ModelError: the model failed.
        """
        with _model_errors(), self._one_at_a_time:
            found = self.model.predict(picture, _LOWEST)
        if not len(found):
            return None
        best = int(found.scores.argmax())
        return self.label_of_class[int(found.classes[best])].name, float(found.scores[best])

    def detect(
        self,
        picture: Picture,
        threshold: float | None = None,
        timings: Timings | None = None,
        gone: Callable[[], bool] = _waits,
    ) -> Detections:
        """Return what is on a picture; each class has its own threshold, see `Options.limits`.

        gone: whether nobody waits for it any more, asked when it is this picture's turn.

        Raises:
            GoneError: nobody waits for it.
            BusyError: there is no memory for it at this moment.
            ModelError: the model failed.
        """
        timings = timings or Timings()
        limits = self.options.limits(self.model.classes, threshold)
        with _model_errors():
            with self._one_at_a_time:
                timings.mark("wait")
                if gone():
                    raise GoneError("The sender went away while its picture waited")
                found = self.model.predict(picture, float(limits.min()))
                timings.mark("predict")
            self._check_classes(found)
            return found.where(found.scores >= limits[found.classes])

    def _check_classes(self, found: Detections) -> None:
        """Refuse an object of a class that has no name.

        Raises:
            ModelError: there is one.
        """
        beyond = found.classes[found.classes >= len(self.model.classes)]
        if len(beyond):
            raise ModelError(
                f"The model answers with class {beyond[0]}; it has {len(self.model.classes)} names",
                "Write all of its classes into classes.txt, in the order of training.",
            )

    def answer(
        self,
        body: Any,
        content_type: str = "",
        threshold: str | None = None,
        gone: Callable[[], bool] = _waits,
    ) -> Reply:
        """Answer one request; whatever happens is a JSON reply and a line in the log.

        body, content_type, threshold: see `DetectorRequest.parse`. gone: see `detect`.
        """
        request_id = uuid.uuid4().hex[:12]
        try:
            timings = Timings()
            request = DetectorRequest.parse(body, content_type, threshold)
            timings.mark("parse")
            return self._answer(request, timings, gone, request_id)
        except AnnotateError as error:
            failure = error
        except MemoryError as error:
            failure = BusyError.of_memory()
            failure.__cause__ = error
        except Exception as error:
            failure = InternalError(f"Something failed: {type(error).__name__}", _LOG_HAS_IT)
            failure.__cause__ = error
        traceback = failure if failure.status >= 500 else None
        log.warning(
            Line(request=request_id, status=failure.status, message=str(failure)),
            exc_info=traceback,
        )
        return error_reply(failure, request_id)

    def _answer(
        self,
        request: DetectorRequest,
        timings: Timings,
        gone: Callable[[], bool],
        request_id: str,
    ) -> Reply:
        picture, shapes = self.annotate(request.image, request.threshold, timings, gone)
        body = to_json(shapes)
        timings.mark("encode")
        height, width = picture.shape[:2]
        seen = Seen(width, height, len(request.image), len(shapes), timings)
        log.info(
            Line(
                timings,
                request=request_id,
                status=200,
                image=f"{width}x{height}",
                bytes=seen.bytes,
                shapes=seen.shapes,
            )
        )
        return Reply(200, body, seen=seen)


@contextmanager
def _model_errors() -> Iterator[None]:
    """Turn whatever a model does wrong into a ModelError, and want of memory into a BusyError."""
    try:
        yield
    except AnnotateError:
        raise
    except MemoryError as error:
        raise BusyError.of_memory() from error
    except Exception as error:
        raise ModelError(
            f"The model failed on this picture: {type(error).__name__}", _LOG_HAS_IT
        ) from error
