"""The sections in their order, for each model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks import many_sizes, models, sections
from benchmarks.contest import Contest
from benchmarks.models import EXAMPLES, Subject
from benchmarks.profile import WHOLE, Profile
from benchmarks.rows import Row
from handler.bench.surroundings import surroundings

Make = Callable[[], Subject]


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


def own(
    weights: Sequence[Path], pictures: Sequence[Path], folder: Path
) -> Iterator[tuple[str, Make]]:
    """Yield the names of the models that the user names, and what exports them."""
    for number, path in enumerate(weights):
        name = path.parent.name if path.name == "best.pt" else path.stem
        out = folder / str(number)
        yield (
            name,
            partial(models.exported, name, path, pictures, out, thorough=True, many_sizes=True),
        )


def ready_made(quick: bool, folder: Path) -> Iterator[tuple[str, Make]]:
    """Yield the demo model and, unless it is to be quick, random ones: larger, of each task."""
    yield "detect", partial(_demo, folder, many_sizes=not quick)
    for name in () if quick else (*models.LARGER, *models.RANDOM):
        yield name, partial(_random, name, folder)


def _demo(folder: Path, *, many_sizes: bool) -> Subject:
    weights = models.demo(folder / "demo")
    out = folder / "detect"
    return models.exported("detect", weights, EXAMPLES, out, thorough=True, many_sizes=many_sizes)


def _random(name: str, folder: Path) -> Subject:
    from tests.architectures import PHOTOGRAPHS

    weights = models.random(name, folder / f"random-{name}")
    larger = name in models.LARGER
    return models.exported(
        name, weights, PHOTOGRAPHS, folder / name, thorough=False, many_sizes=larger
    )


def measure(contest: Contest, results: Results, progress: Progress) -> None:
    """Run every section for a thorough subject, else the first size alone."""
    subject, extent = contest.subject, contest.extent

    def task(what: str, total: int) -> Any:
        number = progress.add_task(f"{subject.name}: {what}", total=total)
        return lambda: progress.advance(number)

    if subject.about_int8:
        results.notes.append(f"{subject.name}, int8: {subject.about_int8}")
    sizes = list(contest.bodies)
    for size in sizes if subject.thorough else sizes[:1]:
        rows, answers = sections.speed(contest, size, task(size, extent.rounds))
        results.rows += rows
        if subject.thorough:
            goal = WHOLE if size == sizes[0] else None
            results.profiles.append(Profile.of(size, contest.exported, answers, goal))
    if subject.many_sizes:
        pictures = len(many_sizes.order())
        rows, notes = many_sizes.many_sizes(contest, task("many sizes", pictures))
        results.rows += rows
        results.notes += notes
    if subject.thorough:
        results.rows += sections.starts(contest, task("starts", extent.starts))
        bursts = len(sections.CLIENTS) * extent.bursts
        results.rows += sections.concurrency(contest, sizes[0], task("two workers", bursts))
        limited = task("one core", extent.rounds // 2)
        results.rows += sections.on_one_core(contest, sizes[0], limited)
