"""The command `auto-annotate deploy`."""

import sys
from pathlib import Path

import click

from handler.commands.arguments import file_argument, platform_argument


@click.command()
@platform_argument
@file_argument
@click.option("--nuclio", metavar="URL", help="Nuclio's dashboard, to send the picture through.")
@click.option("--yes", is_flag=True, help="Replace a function that serves another model, unasked.")
def deploy(platform: str, file: Path, nuclio: str | None, yes: bool) -> None:
    """Check FILE, deploy it with nuctl, and try the function with a picture.

    A version that runs is replaced; it is put back if the new one does not start. A function of the
    same name that serves another model is replaced only if you agree.

    \b
    auto-annotate deploy docker function.yaml
    auto-annotate deploy kubernetes function.yaml --nuclio http://nuclio.example:8070
    """
    from handler.commands.deployment import deploy

    def agrees(question: str) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(question, err=True))

    deploy(file, platform, nuclio, click.echo, agrees)
