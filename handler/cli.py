"""The command line, `auto-annotate`: the group of its commands, and what becomes of errors."""

import errno
import importlib
from typing import Any

import click

from handler.errors import AnnotateError

# A command is the function of its name in the module of its name, imported when it is asked for.
COMMANDS = (
    "annotate",
    "bench",
    "bundle",
    "check",
    "deploy",
    "export",
    "function",
    "new",
    "parity",
    "remove",
    "serve",
    "task",
)


class _Group(click.Group):
    """Commands whose errors are one line each, and exit with 1; `--debug` shows the traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"handler.commands.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AnnotateError as error:
            if ctx.params["debug"]:
                raise
            _complain(str(error))
        except OSError as error:  # of the command's own files; click ends a broken pipe in silence
            if ctx.params["debug"] or error.errno == errno.EPIPE:
                raise
            _complain(f"{error.filename or 'A file'}: {error.strerror or error}")
        return ctx.exit(1)


def _complain(message: str) -> None:
    click.secho(f"Error: {message}", fg="red", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="auto-annotate")
def main(debug: bool) -> None:
    """Put a trained detector into CVAT's auto-annotation.

    A model folder holds best.pt and, if you like, classes.txt and model.yaml.

    \b
    auto-annotate annotate picture.jpg --weights models/cars
    auto-annotate function --weights models/cars > function.yaml
    auto-annotate check function.yaml --weights models/cars
    auto-annotate deploy docker function.yaml
    auto-annotate serve --weights models/cars
    """
