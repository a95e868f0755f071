"""The command `auto-annotate bench`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from handler.bench.requests import MOST, requests
from handler.commands.arguments import settings_of, tile_option, weights_option
from handler.errors import SettingsError

_COUNT = click.IntRange(min=1)


@click.command()
@weights_option
@tile_option
@click.option(
    "--images",
    type=click.Path(exists=True, path_type=Path),
    help=f"A picture or a folder; {MOST} of them are taken. Default: one of 640x480.",
)
@click.option(
    "--against",
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    help="Another model folder, such as the .pt that --weights was exported from: measured in "
    "turn, with the ratios and whether both answer the same.",
)
@click.option(
    "--workers", type=_COUNT, default=2, show_default=True, help="Processes that answer at once."
)
@click.option(
    "--frames", type=_COUNT, default=100, show_default=True, help="Answers to time, of each model."
)
@click.option(
    "--starts", type=_COUNT, default=3, show_default=True, help="Starts to time, of each model."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Also write FILE."
)
def bench(
    weights: Path | None,
    tile: Any,
    images: Path | None,
    against: Path | None,
    workers: int,
    frames: int,
    starts: int,
    json_file: Path | None,
) -> None:
    """Measure how fast a model answers on this machine, and in how much memory.

    Each model runs in processes of its own, called as Nuclio calls them; the settings are those of
    the environment. Run it where the model will serve: in its container, with its CPU limit.

    \b
    auto-annotate bench --weights models/cars --images photos
    auto-annotate bench --weights models/cars-fast --against models/cars --images photos
    docker run --rm --cpus 2 -v $PWD/models/cars:/weights:ro -v $PWD/photos:/photos:ro \\
      auto-annotate auto-annotate bench --images /photos
    auto-annotate bench --weights models/ships --images aerial --tile 1024
    ANNOTATE_PRECISION=f32 auto-annotate bench --weights models/cars-fast --json f32.json
    """
    from handler.bench.figures import Extent, disagreements, figures_of
    from handler.bench.report import figures_table, stages_table
    from handler.bench.surroundings import in_words, surroundings
    from handler.bench.worker import Contender

    settings = settings_of(weights, tile=tile)
    tiles = {} if tile is None else {"ANNOTATE_TILE": str(tile)}
    folders = [settings.weights] if against is None else [settings.weights, against]
    contenders = {
        str(folder): Contender(environment={"ANNOTATE_WEIGHTS": str(folder.resolve()), **tiles})
        for folder in folders
    }
    if len(contenders) < len(folders):
        raise SettingsError(f"{against} is the same folder", "Name another with --against.")
    names, bodies = requests(images, settings.max_pixels)
    extent = Extent(max(frames, len(bodies)), starts, workers)
    with progress() as bar:
        task = bar.add_task("Measuring", total=extent.steps(len(contenders)))
        figures, answers = figures_of(contenders, bodies, extent, lambda: bar.advance(task))
    differences = None
    if against is not None:
        ours, theirs = answers.values()
        differences = disagreements(theirs, ours, names)
    console = Console()
    around = surroundings()
    console.print(in_words(around), highlight=False)
    for table in (figures_table(figures, len(names)), stages_table(figures)):
        console.print(table.printed())
    if differences is not None:
        console.print("\n".join(differences) or "Both answer the same on every picture.")
    if json_file is not None:
        said = {
            "surroundings": around,
            "models": {name: asdict(each) for name, each in figures.items()},
            "differences": differences,
        }
        json_file.write_text(json.dumps(said, indent=2) + "\n")


def progress() -> Progress:
    """Return a bar on stderr, if that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    seen = sys.stderr.isatty()
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not seen)
