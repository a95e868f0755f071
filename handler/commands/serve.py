"""The command `auto-annotate serve`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from handler.settings import Settings

if TYPE_CHECKING:
    from handler.server.catalogue import Catalogue


@click.command()
@click.option(
    "--weights",
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    multiple=True,
    help="A model folder, its best.pt, or a folder of model folders; several times for several "
    "models. Else ANNOTATE_WEIGHTS, else /weights.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8070,
    show_default=True,
    help="The port to listen on; of several models each answers at one of the next ports as well.",
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    metavar="N",
    help="Keep at most N of several models in memory. Else ANNOTATE_KEEP, else 4.",
)
@click.option(
    "--grace",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    metavar="SECONDS",
    help="How long requests in progress have when the server is stopped; Docker kills after ten.",
)
def serve(weights: tuple[Path, ...], host: str, port: int, keep: int | None, grace: int) -> None:
    """Answer CVAT over HTTP without Nuclio, as a Nuclio dashboard and its functions do.

    \b
    auto-annotate serve --weights models/cars &
    curl -s '127.0.0.1:8070/?threshold=0.5' --data-binary @picture.jpg
    auto-annotate serve --weights models --keep 2 --host 0.0.0.0
    """
    from handler.logs import log_to
    from handler.models.folder.several import folders_in
    from handler.server import running

    settings = Settings.from_environment()
    folders = folders_in(weights or (settings.weights,))
    if port + len(folders) > 65536:
        raise click.UsageError(f"Port {port} leaves no room for {len(folders)} models above it.")
    log_to(settings.log)

    def say_so(catalogue: "Catalogue") -> None:
        names = ", ".join(served.name for served in catalogue.listed)
        click.secho(f"Serving {names} on http://{host}:{port} (Ctrl-C ends it)", err=True)

    settings = replace(settings, keep=keep or settings.keep)
    running.serve(settings, folders, host, port, grace, say_so)
