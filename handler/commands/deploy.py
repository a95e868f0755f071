"""The command `auto-annotate deploy`."""

from pathlib import Path

import click

from handler.commands.arguments import file_argument, platform_argument


@click.command()
@platform_argument
@file_argument
@click.option("--nuclio", metavar="URL", help="Nuclio's dashboard, to send the picture through.")
def deploy(platform: str, file: Path, nuclio: str | None) -> None:
    """Check FILE, deploy it with nuctl, and try the function with a picture.

    A version that runs is replaced; it is put back if the new one does not start.

    \b
    auto-annotate deploy docker function.yaml
    auto-annotate deploy kubernetes function.yaml --nuclio http://nuclio.example:8070
    """
    from handler.commands.deployment import deploy

    deploy(file, platform, nuclio, click.echo)
