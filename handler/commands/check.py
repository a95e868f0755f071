"""The command `auto-annotate check`."""

from pathlib import Path
from typing import Any

import click

from handler.commands.arguments import PLATFORM


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--weights",
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    help="A model folder, to try it.",
)
@click.option(
    "--platform",
    type=PLATFORM,
    help="Where the file is for. Default: kubernetes for a NuclioFunction, else docker.",
)
@click.option("--nuclio", metavar="URL", help="Ask a running Nuclio: its dashboard's address.")
@click.option("--url", metavar="URL", help="Ask a running function: its own address.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--list", "list_rules", is_flag=True, help="Print all rules, and check nothing.")
@click.option("--fix", is_flag=True, help="Mend FILE where a rule knows how, after showing it.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    """Find what would go wrong, before it is deployed or after.

    FILE is a function.yaml; the one in this folder, if nothing at all is named. Without a terminal
    --fix does not ask.

    \b
    auto-annotate check function.yaml --weights models/cars
    auto-annotate check function.yaml --nuclio http://127.0.0.1:8070
    auto-annotate check --fix function.yaml
    """
    from handler.commands import findings

    ctx.exit(findings.run(**options))
