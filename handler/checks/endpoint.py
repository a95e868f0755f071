"""Whether a function answers at its own address, as CVAT calls it on Docker."""

from collections.abc import Iterator
from dataclasses import dataclass

from handler.nuclio.running import reply_problems
from handler.nuclio.web import Answer, UnreachableError, send
from handler.pictures.trial import trial_request
from handler.rules.function_file import FunctionFile
from handler.rules.rule import Rules

SLOW_SECONDS = 30


@dataclass(frozen=True)
class Endpoint:
    """A function's answer to the trial picture, or why there is none."""

    answer: Answer | UnreachableError
    function: FunctionFile | None = None

    @classmethod
    def ask(cls, url: str, function: FunctionFile | None = None) -> "Endpoint":
        """Send a picture to a function's address, such as http://127.0.0.1:32001."""
        headers = {"Content-Type": "application/json"}
        try:
            return cls(send("POST", url, trial_request(), headers), function)
        except UnreachableError as error:
            return cls(error, function)


RULES: Rules[Endpoint] = Rules("function")
rule = RULES


@rule(
    "endpoint-reply",
    "error",
    "the function at `--url` answers a picture with shapes that CVAT takes",
    "Read the function's log: the request is there, with the reason.",
)
def _endpoint_reply(endpoint: Endpoint) -> Iterator[str | UnreachableError]:
    answer = endpoint.answer
    if isinstance(answer, UnreachableError):
        yield answer
        return
    labels = endpoint.function.label_names if endpoint.function else None
    yield from reply_problems(answer, labels)


@rule(
    "endpoint-time",
    "warning",
    f"the function answers within {SLOW_SECONDS} s",
    "Give it more CPUs or a GPU: CVAT waits 120 s for each frame.",
)
def _endpoint_time(endpoint: Endpoint) -> Iterator[str]:
    if isinstance(endpoint.answer, Answer) and endpoint.answer.seconds > SLOW_SECONDS:
        yield f"It took {endpoint.answer.seconds:.0f} s for a picture of 640x480"


@rule(
    "endpoint-summary",
    "info",
    "what the function answered is listed",
    "Compare it with what was deployed.",
)
def _endpoint_summary(endpoint: Endpoint) -> Iterator[str]:
    answer = endpoint.answer
    if isinstance(answer, Answer):
        yield f"It answered with status {answer.status} after {answer.seconds:.2f} s"
