"""The command `auto-annotate parity`."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from handler.commands.arguments import settings_of, weights_option
from handler.errors import SettingsError
from handler.pictures.files import pictures_in

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@weights_option
@click.option(
    "--images",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="The team's own pictures: a file or a folder.",
)
@click.option("--labels", type=_FOLDER, help="Their labels in YOLO's format: mAP of both sides.")
@click.option(
    "--script",
    type=_FILE,
    help="The team's script: with a function predict(path), or run as `python FILE PICTURE`. "
    "Default: the model's own library, as a script would call it.",
)
@click.option("--url", help="A running function to ask, in the place of the model here.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="What CVAT's user writes into its dialog. Else the model's own.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("parity"),
    show_default=True,
    help="Where parity.json and parity.html go.",
)
@click.pass_context
def parity(
    ctx: click.Context,
    weights: Path | None,
    images: Path,
    labels: Path | None,
    script: Path | None,
    url: str | None,
    threshold: float | None,
    out: Path,
) -> None:
    """Show how CVAT's boxes differ from a script's, where, and why.

    Every picture goes the script's way and CVAT's, and each cause is switched by itself: decoder,
    image size, engine, precision, threshold, NMS, rounding, a region of interest, a film. A script
    that makes a usual mistake (colours swapped, no letterbox, classes in another order) is told so.
    Exits with 1 if CVAT shows something else.

    A script gives boxes as x1 y1 x2 y2 score class, in pixels: predict returns rows, tables or what
    ultralytics returns; a program prints JSON, or a line for each box.

    \b
    auto-annotate parity --weights models/cars --images photos
    auto-annotate parity --weights models/cars --images photos --script evaluate.py
    auto-annotate parity --weights models/cars --images photos --url http://127.0.0.1:8070
    """
    if script is not None and url is not None:
        raise click.UsageError("--script and --url exclude each other")
    pictures = list(pictures_in([images]))
    if not pictures:
        raise SettingsError(f"There are no pictures in {images}", "Name others with --images.")
    from handler.parity.page import page
    from handler.parity.report import engine_verdict, table, to_json, verdict
    from handler.parity.study import Asked, study
    from handler.parity.ways import Models

    models = Models(settings_of(weights), threshold)
    with Progress(console=Console(stderr=True)) as bar:
        row = bar.add_task("Comparing", total=len(pictures))
        found = study(models, pictures, Asked(script, url, labels), lambda: bar.advance(row))
    out.mkdir(parents=True, exist_ok=True)
    service = models.service
    about = {
        "script": str(script or models.library.weights),
        "cvat": str(url or service.folder.weights),
    }
    (out / "parity.json").write_text(to_json(found, about), "utf-8")
    line = f"{about['script']} against {about['cvat']}"
    (out / "parity.html").write_text(page(found, service.label_of_class, line), "utf-8")
    for skipped in found.skipped:
        click.secho(skipped, fg="red", err=True)
    console = Console()
    console.print(table(found))
    for side, numbers in found.measures.items():
        console.print(side, *(f"{name} {value:.2f}" for name, value in numbers.items()))
    for said in (verdict(found), engine_verdict(found), f"Pictures and words: {out}/parity.html"):
        if said:
            click.echo(said)
    if found.whole.exceeds:
        ctx.exit(1)
