"""The command `auto-annotate new`."""

from pathlib import Path

import click


@click.group()
def new() -> None:
    """Write the start of something of your own.

    \b
    auto-annotate new plugin models/mine
    """


@new.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def plugin(folder: Path) -> None:
    """Write a model folder DIR with a plugin that works: it boxes what is bright.

    Put your model in its place: docs/families/plugin.md.

    \b
    auto-annotate new plugin models/mine
    auto-annotate annotate photo.jpg --weights models/mine
    """
    from handler.models.plugin_template import write_plugin

    for path in write_plugin(folder):
        click.echo(f"Wrote {path}")
    click.echo(f"Try it: auto-annotate annotate PICTURE --weights {folder}")
