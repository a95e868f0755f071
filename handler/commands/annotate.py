"""The command `auto-annotate annotate`."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handler.commands.arguments import settings_of, tile_option, weights_option
from handler.commands.screen import Screen
from handler.errors import RequestError, SettingsError

if TYPE_CHECKING:
    from handler.annotation.index import Index
    from handler.annotation.pipeline import Annotated
    from handler.annotation.results import Results
    from handler.annotation.sources import Frame, Source
    from handler.annotation.summary import Sums
    from handler.service import Service

# A format's name, as `handler.cvat.formats` has it: help is shown without importing that.
FORMATS = ("cvat", "coco")


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
@tile_option
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
@click.option(
    "--format",
    "formats",
    type=click.Choice(list(FORMATS)),
    multiple=True,
    help='Also one file of all pictures that CVAT\'s "Upload annotations" takes: cvat is '
    "annotations.xml (CVAT for images 1.1), coco instances_default.json (1.0). May be repeated.",
)
@click.option("--resume", is_flag=True, help="Leave out what has been annotated into --out.")
@click.pass_context
def annotate(
    ctx: click.Context,
    images: tuple[Path, ...],
    weights: Path | None,
    out: Path,
    threshold: float | None,
    tile: Any,
    pictures: str,
    every: int,
    formats: tuple[str, ...],
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
    auto-annotate annotate photos/ --weights models/cars --format cvat --format coco
    auto-annotate annotate aerial/ --weights models/ships --tile auto
    """
    from handler.annotation import sources
    from handler.annotation.index import Index
    from handler.annotation.names import claimed
    from handler.annotation.pipeline import Pipeline
    from handler.annotation.results import Results
    from handler.annotation.summary import Sums
    from handler.pictures.files import PICTURE_SUFFIXES
    from handler.service import Service

    try:
        found = sources.sources_in(images, out)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    if not found:
        kinds = " ".join((*PICTURE_SUFFIXES, *sources.VIDEO_SUFFIXES))
        raise click.BadParameter(f"no pictures or videos ({kinds}) found outside {out}")
    if formats and any(source.is_video for source in found):
        raise click.UsageError("--format is for pictures; name no videos with it")
    settings = settings_of(weights, exports=False, tile=tile)
    service = Service.load(settings)
    results, index, sums = Results(out, pictures), Index(out), Sums()
    names = claimed(found, index)
    done = set(filter(results.are_there, index.done())) if resume else set()
    with Screen("Annotating", sources.count(found, every)) as screen:
        pipeline = Pipeline(service, results, threshold, screen.show_tiles)
        read = partial(sources.frames_of, every=every, max_pixels=settings.max_pixels)
        todo = _todo(names, read, done, sums, screen)
        try:
            with closing(pipeline.annotate(todo)) as each:
                for annotated in each:
                    _take(annotated, results, index, sums, screen)
        except KeyboardInterrupt:
            screen.complain(f"Stopped. {sums} -> {out}; --resume goes on from here.")
            ctx.exit(130)
    click.echo(f"{sums} -> {out}")
    for written in _write_formats(formats, names, results, service):
        click.echo(written)
    if sums.failed:
        ctx.exit(1)


def _write_formats(
    formats: Collection[str], names: Mapping["Source", str], results: "Results", service: "Service"
) -> Iterator[Path]:
    """Write the files of all pictures, and yield each."""
    if not formats:
        return
    from handler.annotation.whole_set import annotated_images
    from handler.cvat.formats import write

    images = annotated_images(names, results)
    for name in formats:
        yield write(name, results.folder, images, service.labels)


def _todo(
    names: Mapping["Source", str],
    read: Callable[["Source", str], Iterator["Frame"]],
    done: Collection[str],
    sums: "Sums",
    screen: Screen,
) -> Iterator["Frame"]:
    """Yield the frames of all sources that are not done yet; a video that breaks ends early."""
    from handler.pictures.files import about_file

    for source, name in names.items():
        try:
            for frame in read(source, name):
                if frame.name not in done:
                    yield frame
                    continue
                sums.before += 1
                screen.advance()
        except RequestError as error:
            sums.failed += 1
            screen.complain(about_file(str(source.path), error))


def _take(
    annotated: "Annotated", results: "Results", index: "Index", sums: "Sums", screen: Screen
) -> None:
    """Note what came of a frame, and say it."""
    from handler.annotation.summary import in_words

    screen.advance()
    sums.add(annotated)
    if annotated.failure is not None:
        screen.complain(annotated.failure)
        return
    frame = annotated.frame
    index.add(frame.name, frame.source.path, len(annotated.shapes))
    written = ", ".join(map(str, results.paths(frame.name)))
    screen.say(f"{frame}: {in_words(annotated)} -> {written}")
