"""What several commands take: a model folder, a platform, a function file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from handler.settings import Settings

PLATFORM = click.Choice(["docker", "kubernetes"])

platform_argument = click.argument("platform", type=PLATFORM)
file_argument = click.argument("file", type=click.Path(path_type=Path))


def weights_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --weights to a command."""
    return click.option(
        "--weights",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="The model folder, or its best.pt. Else ANNOTATE_WEIGHTS, else /weights.",
    )(command)


def settings_of(weights: Path | None, *, exports: bool = True) -> Settings:
    """Return the environment's settings, with the model folder that --weights names.

    exports: of a command that soon ends, no: exporting a .pt would take longer than it saves.

    Raises:
        SettingsError: the environment says something that cannot be used.
    """
    settings = Settings.from_environment()
    if not exports:
        settings = replace(settings, cache=None)
    return settings if weights is None else replace(settings, weights=weights)
