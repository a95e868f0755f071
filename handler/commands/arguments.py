"""What several commands take: a model folder, a platform, a function file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from handler.errors import SettingsError
from handler.settings import TILE, Settings, read_as

PLATFORM = click.Choice(["docker", "kubernetes"])

platform_argument = click.argument("platform", type=PLATFORM)
file_argument = click.argument("file", type=click.Path(path_type=Path))


def weights_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --weights to a command."""
    return click.option(
        "--weights",
        type=click.Path(exists=True, path_type=Path),
        metavar="DIR",
        help="The model folder, or its best.pt. Else ANNOTATE_WEIGHTS, else /weights.",
    )(command)


def tile_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --tile to a command; the command gets what `Settings.tile` is."""
    return click.option(
        "--tile",
        callback=_tile,
        metavar="SIZE",
        help="Answer large pictures by tiles: auto, a side in pixels, or a table as `tile` of "
        "model.yaml; false is without. Else ANNOTATE_TILE, else model.yaml.",
    )(command)


def _tile(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    try:
        return None if value is None else read_as(TILE, value, "it")
    except SettingsError as error:
        raise click.BadParameter(str(error)) from None


def settings_of(weights: Path | None, *, exports: bool = True, tile: Any = None) -> Settings:
    """Return the environment's settings, with the model folder and tiles that options name.

    exports: of a command that soon ends, no: exporting a .pt would take longer than it saves.

    Raises:
        SettingsError: the environment says something that cannot be used.
    """
    settings = Settings.from_environment()
    if not exports:
        settings = replace(settings, cache=None)
    if tile is not None:
        settings = replace(settings, tile=tile)
    return settings if weights is None else replace(settings, weights=weights)
