"""The command `auto-annotate remove`."""

from pathlib import Path

import click

from handler.commands.arguments import file_argument, platform_argument


@click.command()
@platform_argument
@file_argument
def remove(platform: str, file: Path) -> None:
    """Remove the function of FILE from Nuclio.

    \b
    auto-annotate remove docker function.yaml
    """
    from handler.commands.deployment import remove

    remove(file, platform, click.echo)
