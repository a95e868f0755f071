"""The command `auto-annotate annotate`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handler.commands.arguments import settings_of, weights_option
from handler.commands.screen import Screen
from handler.errors import RequestError

if TYPE_CHECKING:
    from handler.annotation.pipeline import Annotated
    from handler.annotation.sources import Frame, Source


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@weights_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("annotated"),
    show_default=True,
    help="Where the results go. What lies there is never annotated.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="The lowest score to report, as CVAT's own field. Else the model's.",
)
@click.option(
    "--pictures",
    type=click.Choice(["jpg", "png", "none"]),
    default="jpg",
    show_default=True,
    help="The kind of the drawn pictures.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Each N-th frame of a video.",
)
@click.option("--resume", is_flag=True, help="Leave out what has been annotated into --out.")
@click.pass_context
def annotate(
    ctx: click.Context,
    images: tuple[Path, ...],
    weights: Path | None,
    out: Path,
    threshold: float | None,
    pictures: str,
    every: int,
    resume: bool,
) -> None:
    """Annotate pictures and videos, or folders of them.

    Each picture gives NAME.json, what CVAT would get, and NAME.jpg, with the shapes drawn. A frame
    of a video is named by its number, counted from 0 as in CVAT. Results mirror the folders, and
    annotated.jsonl there says which picture each is of: only its own results are replaced.

    \b
    auto-annotate annotate picture.jpg photos/ --weights models/cars --out results
    auto-annotate annotate photos/ --weights models/cars --pictures none --resume
    auto-annotate annotate clip.mp4 --weights models/cars --every 10
    """
    from handler.annotation import pipeline, sources
    from handler.annotation.index import Index
    from handler.annotation.results import Results
    from handler.pictures.files import PICTURE_SUFFIXES
    from handler.service import Service

    found = sources.sources_in(images, out)
    if not found:
        kinds = " ".join((*PICTURE_SUFFIXES, *sources.VIDEO_SUFFIXES))
        raise click.BadParameter(f"no pictures or videos ({kinds}) found outside {out}")
    settings = settings_of(weights, exports=False)
    service = Service.load(settings)
    results, index = Results(out, pictures), Index(out)

    def is_taken(name: str, source: "Source") -> bool:
        first = f"{name}/{0:06}" if source.is_video else name
        return index.belongs_to_another(first, source.path)

    names = sources.named(found, is_taken)
    skipped = index.done() if resume else set()
    sums = _Sums(len(skipped))
    with Screen("Annotating", sources.count(found, every)) as screen:

        def frames() -> Iterator["Frame"]:
            for source in found:
                try:
                    yield from sources.frames_of(
                        source, names[source], every, settings.max_pixels, skipped
                    )
                except RequestError as error:
                    sums.failed += 1
                    screen.complain(f"{source.path}: {error}")

        try:
            for annotated in pipeline.annotate(frames(), service, results, threshold):
                screen.advance()
                sums.add(annotated)
                name = annotated.frame.name
                if annotated.error is not None:
                    screen.complain(f"{annotated.frame}: {annotated.error}")
                    continue
                index.add(name, annotated.frame.source.path, len(annotated.shapes))
                written = ", ".join(str(path) for path in results.paths(name))
                screen.say(f"{annotated.frame}: {_summary(annotated)} -> {written}")
        except KeyboardInterrupt:
            screen.complain(f"Stopped. {sums} -> {out}; --resume goes on from here.")
            ctx.exit(130)
    click.echo(f"{sums} -> {out}")
    if sums.failed:
        ctx.exit(1)


class _Sums:
    """How many pictures were annotated, what was on them, and how many failed."""

    def __init__(self, before: int) -> None:
        self.pictures = self.objects = self.failed = 0
        self.before = before

    def add(self, annotated: "Annotated") -> None:
        if annotated.error is None:
            self.pictures += 1
            self.objects += len(annotated.shapes)
        else:
            self.failed += 1

    def __str__(self) -> str:
        parts = [_counted(self.pictures, "picture"), _counted(self.objects, "object")]
        parts += [f"{self.failed} failed"] if self.failed else []
        return ", ".join(parts) + (f" ({self.before} were done before)" if self.before else "")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _summary(annotated: "Annotated") -> str:
    """Return how many objects of each class there are: "2 car, 1 bus".."""
    if not annotated.shapes:
        best = annotated.best
        return "nothing found" + (f" (best: {best[0]} {best[1]:.2f})" if best else "")
    counts = Counter(str(shape["label"]) for shape in annotated.shapes)
    return ", ".join(f"{count} {_readable(label)}" for label, count in counts.items())


def _readable(label: str) -> str:
    """Return a label that cannot be taken for a number of objects."""
    return f'"{label}"' if label[:1].isdigit() else label
