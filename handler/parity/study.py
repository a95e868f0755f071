"""All pictures both ways, and one cause at a time between the two."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from handler.detection.detections import Detections
from handler.errors import AnnotateError, SettingsError
from handler.parity.answers import of_shapes, seen
from handler.parity.causes import CAUSES, Cause
from handler.parity.comparison import Difference, compare
from handler.parity.diagnosis import MOST, Mistake, diagnose
from handler.parity.function import ask
from handler.parity.measures import Measures
from handler.parity.script import Script
from handler.parity.ways import Models, Way, as_script_reads

Answer = Callable[[Path], Detections]

SERVED = Way(pixels="cvat", model="served", limits="cvat", rounded=True)
WORST = 6  # pictures in the report


@dataclass
class Row:
    """One cause: what differs, how much that makes, and how to make it the same.

    on_the_way: whether it is part of the whole difference.
    """

    name: str
    title: str
    words: str
    remedy: str
    on_the_way: bool
    difference: Difference


@dataclass
class Study:
    """What was found.

    whole: the script's answers against CVAT's. rows: the causes, the largest first.
    mistake: what explains a script, or a function, that answers otherwise than the model here.
    skipped: pictures that one side could not answer, and why. worst: the pictures with the largest
    differences, with both answers. measures: mAP or accuracy of both, if there are labels.
    """

    whole: Difference = field(default_factory=Difference)
    rows: list[Row] = field(default_factory=list)
    mistake: Mistake | None = None
    pictures: int = 0
    skipped: list[str] = field(default_factory=list)
    worst: list[tuple[Path, Difference, Detections, Detections]] = field(default_factory=list)
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What is compared: the team's script, or the library; a function's address, or our service."""

    script: Path | None = None
    url: str | None = None
    labels: Path | None = None


def study(
    models: Models, pictures: Sequence[Path], asked: Asked, progress: Callable[[], None]
) -> Study:
    """Answer every picture all ways and compare.

    Raises:
        SettingsError: no picture could be compared, or the labels do not fit the model.
        WeightsError: the model's own library cannot be run here.
    """
    found = Study()
    causes = [cause for cause in CAUSES if cause.words(models) is not None]
    sums = {cause.name: Difference() for cause in causes}
    measures = Measures.of(models, pictures, asked.labels)
    given: dict[Path, Detections] = {}
    with ExitStack() as stack:
        script_answers, cvat_answers = _sides(models, asked, stack)
        for path in pictures:
            try:
                ours, theirs = script_answers(path), cvat_answers(path)
                between = {cause.name: _between(models, cause, path) for cause in causes}
            except SettingsError:
                raise
            except AnnotateError as error:
                found.skipped.append(f"{path}: {error}")
                continue
            finally:
                progress()
            found.pictures += 1
            for name, difference in between.items():
                sums[name].add(difference)
            _note(found, path, ours, theirs)
            measures.add(path, ours, theirs)
            if len(given) < MOST and (asked.script or asked.url):
                given[path] = ours if asked.script else theirs
        if not found.pictures:
            raise SettingsError(
                f"None of {len(pictures)} pictures could be compared: {found.skipped[0]}"
            )
    found.rows = [_row(cause, models, sums[cause.name]) for cause in causes]
    if given:
        found.rows.append(_of_the_stranger(models, asked, given, found))
    found.rows.sort(key=lambda row: (not row.on_the_way, -row.difference.cost))
    found.measures = measures.results()
    return found


def _sides(models: Models, asked: Asked, stack: ExitStack) -> tuple[Answer, Answer]:
    """Return what answers as the script does, and what as CVAT is answered."""
    classes = models.service.model.classes
    script_answers: Answer = lambda path: models.answer(Way(), path)  # noqa: E731
    if asked.script is not None:
        script_answers = stack.enter_context(Script(asked.script, classes)).answer

    def cvat_answers(path: Path) -> Detections:
        height, width = as_script_reads(path, models.service.max_pixels).shape[:2]
        if asked.url is not None:
            encoded = path.read_bytes()
            return ask(asked.url, encoded, models.threshold, classes, (width, height))
        return of_shapes(_served(models, path), classes, width, height)

    return script_answers, cvat_answers


def _served(models: Models, path: Path) -> Any:
    """Return the shapes with which our service answers CVAT's request."""
    body: dict[str, Any] = {"image": base64.b64encode(path.read_bytes()).decode()}
    if models.threshold:
        body["threshold"] = models.threshold
    reply = models.service.answer(json.dumps(body).encode())
    said = orjson.loads(reply.body)
    if reply.status != 200:
        raise AnnotateError(said["error"]["message"])
    return said


def _between(models: Models, cause: Cause, path: Path) -> Difference:
    before, after = (models.answer(way, path) for way in (cause.before, cause.after))
    return compare(seen(before), seen(after))


def _note(found: Study, path: Path, ours: Detections, theirs: Detections) -> None:
    difference = compare(seen(ours), seen(theirs))
    found.whole.add(difference)
    found.worst.append((path, difference, ours, theirs))
    found.worst.sort(key=lambda each: -each[1].cost)
    del found.worst[WORST:]


def _row(cause: Cause, models: Models, difference: Difference) -> Row:
    words = cause.words(models) or ""
    return Row(cause.name, cause.title, words, cause.remedy, cause.on_the_way, difference)


def _of_the_stranger(
    models: Models, asked: Asked, given: Mapping[Path, Detections], found: Study
) -> Row:
    """Return the cause that a script, or a function, answers otherwise than the model here."""
    who, way, name = (
        ("The script", Way(), "script") if asked.script else ("The function", SERVED, "function")
    )
    found.mistake = diagnose(models, given, way, who)
    difference = Difference()
    for path, answer in given.items():
        difference.add(compare(seen(models.answer(way, path)), seen(answer)))
    if found.mistake is not None:
        words, remedy = found.mistake.words, found.mistake.remedy
    elif difference.exceeds:
        words = f"{who} answers otherwise than the model here, by no mistake that is known."
        remedy = "Compare what both give the network: size, colours, scale, padding."
    else:
        words, remedy = f"{who} answers as the model here does.", "Nothing to do."
    return Row(name, f"{who} itself", words, remedy, True, difference)
