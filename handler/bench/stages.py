"""Where the time of one frame goes: the stages of the service, and what lies around them."""

from collections.abc import Sequence
from statistics import median

from handler.bench.worker import Answer

FORWARD = "forward"
CARRIED = "carried"  # Nuclio's share: JSON, msgpack and the way between the processes


def stages_of(answers: Sequence[Answer]) -> dict[str, float]:
    """Return the median milliseconds of each stage, in order; nothing where the handler is others'.

    `predict` is split where the model says how; what is left of it is what is made of the boxes.
    """
    split = [_split(answer) for answer in answers if answer.stages]
    return {name: 1000 * median(each[name] for each in split) for name in (split or [{}])[0]}


def inside(answer: Answer) -> float:
    """Return the seconds from the request's body to the reply's, without what carries them."""
    return sum(answer.stages.values())


def _split(answer: Answer) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for stage, taken in answer.stages.items():
        if stage == "predict" and answer.parts:
            seconds |= answer.parts
            seconds["objects"] = taken - sum(answer.parts.values())
        else:
            seconds[stage] = taken
    return seconds | {CARRIED: answer.seconds - inside(answer)}
