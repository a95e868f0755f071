"""What can go wrong, said so that the reader knows what to do about it."""

import difflib
from collections.abc import Iterable


class AnnotateError(Exception):
    """The base of all errors that a user can mend.

    `message` says what is wrong, `remedy` what to do; both are single lines. `code` is a stable
    name for programs, `status` the HTTP status of a request that ends with it; `retry_after` is in
    how many seconds the same request may succeed, None where it will not.
    """

    code = "error"
    status = 500
    retry_after: int | None = None

    def __init__(self, message: str, remedy: str = "", *, code: str | None = None) -> None:
        self.message = " ".join(message.split())
        self.remedy = " ".join(remedy.split())
        if code is not None:
            self.code = code
        super().__init__(
            f"{self.message.rstrip('.')}. {self.remedy}" if self.remedy else self.message
        )


class SettingsError(AnnotateError):
    """An environment variable, a model.yaml or an option that cannot be used."""

    code = "bad_settings"


class WeightsError(AnnotateError):
    """A model folder that cannot be served: missing, corrupt, unknown or contradictory."""

    code = "bad_weights"


class RequestError(AnnotateError):
    """A request that cannot be answered; the sender has to change it."""

    code = "bad_request"
    status = 400


class ModelError(AnnotateError):
    """The model failed on a picture; the cause is in `__cause__`."""

    code = "model_failed"


class NotReadyError(AnnotateError):
    """The model is still loading."""

    code = "not_ready"
    status = 503
    retry_after = 5


class BusyError(AnnotateError):
    """The request is right, but there is no memory, or no place, for it at this moment."""

    code = "busy"
    status = 503
    retry_after = 2

    @classmethod
    def of_memory(cls) -> "BusyError":
        """Return the error where an allocation failed."""
        return cls(
            "There is not memory enough for this picture now",
            "Send it again, or give the container more memory.",
        )


class GoneError(AnnotateError):
    """Whoever asked does not wait for the answer any more. The status is nginx's, never sent."""

    code = "gone"
    status = 499


class InternalError(AnnotateError):
    """What nobody foresaw; the cause is in `__cause__`."""

    code = "internal"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint such as `did you mean 'iou'?`, or the list of what is known."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = f" and {len(choices) - 20} more" if len(choices) > 20 else ""
    return f"Known are: {', '.join(choices[:20])}{more}."
