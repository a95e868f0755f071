"""The command `auto-annotate bundle`."""

import os
import re
from pathlib import Path
from typing import Any

import click

from handler.commands.arguments import PLATFORM

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FLAVOURS = click.Choice(["slim", "runtime", "cuda", "mmrotate", "mmrotate-0"])


def _read_registry(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    # distribution/reference: a host with a dot or a port, then path components.
    name = r"[A-Za-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-][a-z0-9]+)*)*"
    if value is not None and not re.fullmatch(name, value):
        raise click.BadParameter(f"{value!r} is not HOST[:PORT][/PATH]")
    return value


def _created() -> int | None:
    """Return SOURCE_DATE_EPOCH (reproducible-builds.org), in seconds since 1970."""
    value = os.environ.get("SOURCE_DATE_EPOCH")
    if value is not None and not value.isdecimal():
        raise click.UsageError(f"SOURCE_DATE_EPOCH is {value!r}, and not seconds since 1970")
    return None if value is None else int(value)


@click.command()
@click.option(
    "--flavour",
    "flavours",
    type=_FLAVOURS,
    multiple=True,
    required=True,
    help="An image of ours, as ./scripts/build made it. Again for more.",
)
@click.option(
    "--weights",
    type=_FOLDER,
    multiple=True,
    metavar="DIR",
    help="A model folder, and a function of it. Again for more.",
)
@click.option(
    "--platform",
    "platforms",
    type=PLATFORM,
    multiple=True,
    default=("docker",),
    show_default=True,
    help="Where Nuclio runs there. Again for both.",
)
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="IMAGE",
    help="One more of Docker's images, with its tag.",
)
@click.option(
    "--nuclio",
    default="1.14.1",
    show_default=True,
    metavar="VERSION",
    help="The Nuclio there, whose own images are packed if Docker has them.",
)
@click.option("--nuctl", type=_FILE, metavar="FILE", help="The nuctl of that version.")
@click.option(
    "--registry",
    callback=_read_registry,
    metavar="NAME",
    help="The registry there, HOST[:PORT][/PATH], which the functions then name.",
)
@click.option(
    "--key",
    type=_FILE,
    metavar="KEY",
    help="The private key to sign with: cosign's, its password in COSIGN_PASSWORD, or a PEM.",
)
@click.option(
    "--since",
    type=click.Path(path_type=Path, exists=True),
    metavar="OLD",
    help="A bundle that is there already: carry only what it lacks.",
)
@click.option("--no-sbom", is_flag=True, help="Leave out the lists that syft makes.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR_OR_TAR",
    help="The folder to make, or a file that ends in .tar.",
)
def bundle(no_sbom: bool, **options: Any) -> None:
    """Pack images, weights and functions for a place without internet.

    What is made is checked, loaded, pushed and deployed there by the script `install` in it. The
    time of everything in it is SOURCE_DATE_EPOCH, else that of the newest of our images.

    \b
    auto-annotate bundle --flavour slim --weights models/cars --out cars-bundle
    auto-annotate bundle --flavour slim --weights models/cars --key cosign.key \\
        --platform kubernetes --registry registry.example:5000/team --out cars.tar
    auto-annotate bundle --flavour slim --weights models/cars --since cars.tar --out update.tar
    """
    from handler.bundle.making import make
    from handler.bundle.order import Order

    make(Order(lists=not no_sbom, created=_created(), **options), click.echo)
