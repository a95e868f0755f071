"""The command `auto-annotate annotate`."""

import itertools
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from handler.commands.arguments import settings_of, weights_option
from handler.errors import AnnotateError
from handler.pictures.files import PICTURE_SUFFIXES, pictures_in


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@weights_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("annotated"),
    show_default=True,
    help="Where the results go.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="The lowest score to report, as CVAT's own field. Else the model's.",
)
@click.pass_context
def annotate(
    ctx: click.Context,
    images: tuple[Path, ...],
    weights: Path | None,
    out: Path,
    threshold: float | None,
) -> None:
    """Annotate pictures, or folders of them.

    Each picture gives NAME.json, what CVAT would get, and NAME.png, with the shapes drawn.

    \b
    auto-annotate annotate picture.jpg photos/ --weights models/cars --out results
    """
    from handler.pictures.drawing import draw
    from handler.service import Service

    pictures = list(pictures_in(images))
    if not pictures:
        raise click.BadParameter(f"no pictures ({' '.join(PICTURE_SUFFIXES)}) found")
    service = Service.load(settings_of(weights, exports=False))
    out.mkdir(parents=True, exist_ok=True)
    failures = 0
    # The bar is on stderr; other output goes above it, but only where it is on the same screen.
    with Progress(console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        for path, name in progress.track(_named(pictures), description="Annotating"):
            try:
                picture, shapes = service.annotate(path.read_bytes(), threshold)
            except AnnotateError as error:
                failures += 1
                click.secho(f"{path}: {error}", fg="red", err=True)
                continue
            (out / f"{name}.json").write_bytes(_one_a_line(shapes))
            draw(picture, shapes, service.labels).save(out / f"{name}.png")
            click.echo(f"{path}: {_summary(shapes)} -> {out / name}.json, {out / name}.png")
    if failures:
        ctx.exit(1)


def _summary(shapes: Iterable[dict[str, Any]]) -> str:
    counts = Counter(shape["label"] for shape in shapes)
    return ", ".join(f"{count} {label}" for label, count in counts.items()) or "nothing found"


def _one_a_line(shapes: Iterable[dict[str, Any]]) -> bytes:
    """Return a JSON list with a shape on each line: a mask has millions of numbers."""
    from handler.cvat.shapes import to_json

    lines = [to_json(shape) for shape in shapes]
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _named(pictures: Iterable[Path]) -> list[tuple[Path, str]]:
    """Give each picture the name of its results: its stem, numbered where that is taken."""
    names: dict[str, Path] = {}
    for path in pictures:
        candidates = itertools.chain(
            [path.stem], (f"{path.stem}-{number}" for number in itertools.count(2))
        )
        names[next(name for name in candidates if name not in names)] = path
    return [(path, name) for name, path in names.items()]
