"""The sections in their order, for each model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks import models, sections
from benchmarks.contest import Contest, Extent
from benchmarks.models import EXAMPLES, RANDOM, Subject
from benchmarks.profile import WHOLE, Profile
from benchmarks.rows import Row
from handler.bench.surroundings import surroundings


@dataclass
class Results:
    """What was measured so far, and what could not be, in words."""

    rows: list[Row] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {
            "surroundings": surroundings(),
            "rows": [row.to_dict() for row in self.rows],
            "profiles": [profile.to_dict() for profile in self.profiles],
            "notes": self.notes,
        }


def own(weights: Sequence[Path], pictures: Sequence[Path], folder: Path) -> Iterator[Subject]:
    """Yield the models that the user names."""
    for number, path in enumerate(weights):
        name = path.parent.name if path.name == "best.pt" else path.stem
        yield models.exported(name, path, pictures, folder / str(number), thorough=True)


def ready_made(quick: bool, folder: Path) -> Iterator[Subject]:
    """Yield the demo model and, unless it is to be quick, one with random weights for each task."""
    from tests.architectures import PHOTOGRAPHS

    demo = models.demo(folder / "demo")
    yield models.exported("detect", demo, EXAMPLES, folder / "detect", thorough=True)
    for task in () if quick else RANDOM:
        weights = models.random(task, folder / f"{task}-random")
        yield models.exported(task, weights, PHOTOGRAPHS, folder / task, thorough=False)


def measure(subject: Subject, extent: Extent, results: Results, progress: Progress) -> None:
    """Run every section for a thorough subject, else the first size alone."""

    def task(what: str, total: int) -> Any:
        number = progress.add_task(f"{subject.name}: {what}", total=total)
        return lambda: progress.advance(number)

    contest = Contest.between(subject, extent)
    if subject.refused:
        results.notes.append(f"{subject.name}: no int8: {subject.refused}")
    sizes = list(contest.bodies)
    for size in sizes if subject.thorough else sizes[:1]:
        rows, answers = sections.speed(contest, size, task(size, extent.rounds))
        results.rows += rows
        if subject.thorough:
            goal = WHOLE if size == sizes[0] else None
            results.profiles.append(Profile.of(size, contest.exported, answers, goal))
    if subject.thorough:
        results.rows += sections.starts(contest, task("starts", extent.starts))
        bursts = len(sections.CLIENTS) * extent.bursts
        results.rows += sections.concurrency(contest, sizes[0], task("two workers", bursts))
        limited = task("one core", extent.rounds // 2)
        results.rows += sections.on_one_core(contest, sizes[0], limited)
