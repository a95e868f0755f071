"""The command `auto-annotate task`."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from handler.commands.arguments import settings_of, weights_option
from handler.errors import SettingsError
from handler.models.libraries import check_extra

if TYPE_CHECKING:
    from handler.cvat.task.annotate import Told

TOKEN = "CVAT_ACCESS_TOKEN"  # noqa: S105


@click.command()
@click.argument("url")
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")
@weights_option
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"A file with the access token of the server. Else {TOKEN} of the environment.",
)
@click.option("--organization", metavar="SLUG", help="The organization that the tasks are in.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), help="The lowest score to report. Else the model's."
)
@click.option(
    "--clear-existing",
    "clear",
    is_flag=True,
    help="Remove all annotations of a task before the first are uploaded.",
)
@click.option(
    "--only-empty",
    is_flag=True,
    help="Leave frames alone that have annotations: goes on where a run was cut off.",
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Frames in one upload.",
)
@click.option("--insecure", is_flag=True, help="Do not check the server's certificate.")
@click.pass_context
def task(
    ctx: click.Context,
    url: str,
    ids: tuple[int, ...],
    weights: Path | None,
    token_file: Path | None,
    organization: str | None,
    threshold: float | None,
    clear: bool,
    only_empty: bool,
    batch: int,
    insecure: bool,
) -> None:
    """Annotate tasks of a CVAT server from here, without a function on the server.

    URL is the address of CVAT, as in the browser; ID the number in a task's address. Annotations
    are added to those that a task has, a batch of frames at a time, and a server that fails for a
    moment is asked again. A frame that cannot be read is named and left out.

    \b
    export CVAT_ACCESS_TOKEN=...
    auto-annotate task http://localhost:8080 7 --weights models/cars
    auto-annotate task https://cvat.example 7 8 9 --weights models/cars --only-empty
    """
    if clear and only_empty:
        raise click.UsageError("--clear-existing and --only-empty exclude each other")
    check_extra("auto-annotate task", "cvat_sdk", "cvat")
    from handler.cvat.task.annotate import Choices, annotate_task
    from handler.cvat.task.connection import Server
    from handler.service import Service

    console = Console(stderr=True)

    def note(line: str) -> None:
        console.print(line, style="yellow", highlight=False, markup=False)

    server = Server(
        url, _token(token_file), say=note, organization=organization, verify=not insecure
    )
    service = Service.load(settings_of(weights))
    choices = Choices(threshold, only_empty, clear, batch)
    failed = False
    for number in ids:
        with _progress(console) as bar:
            told = _told(bar, f"Task {number}", note)
            outcome = annotate_task(server, number, service, service.model.task, choices, told)
        for failure in outcome.failures:
            click.secho(failure, fg="red", err=True)
        failed |= bool(outcome.failures)
        click.echo(
            f"task {number}: {outcome.annotations} annotations on {outcome.frames} frames"
            + (f", {len(outcome.failures)} frames failed" if outcome.failures else "")
        )
    if failed:
        ctx.exit(1)


def _told(bar: Progress, name: str, note: Callable[[str], None]) -> "Told":
    """Return who is told how a task goes: a row of the bar, and for lines `note`."""
    from handler.cvat.task.annotate import Told

    row = bar.add_task(name, total=None)

    def total(frames: int) -> None:
        bar.update(row, total=frames)

    return Told(note, total, partial(bar.advance, row))


def _token(file: Path | None) -> str:
    token = os.environ.get(TOKEN, "") if file is None else file.read_text("utf-8")
    if not token.strip():
        raise SettingsError(
            f"There is no access token in {file or TOKEN}",
            "Make one on the server (Profile, Security) and write it there.",
        )
    return token.strip()


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    seen = sys.stderr.isatty()
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not seen)
