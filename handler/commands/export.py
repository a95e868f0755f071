"""The command `auto-annotate export`."""

from pathlib import Path

import click
from rich.console import Console

from handler.commands.arguments import settings_of, weights_option
from handler.pictures.files import pictures_in
from handler.settings import Settings

_EXAMPLES = Path(__file__).parents[2] / "examples"  # not in an image


@click.command()
@weights_option
@click.option(
    "--to",
    "kind",
    type=click.Choice(["openvino", "onnx"]),
    default="openvino",
    show_default=True,
    help="OpenVINO is the fastest on CPUs; ONNX also runs elsewhere.",
)
@click.option(
    "--images",
    type=click.Path(exists=True, path_type=Path),
    help="Pictures with objects on them, to compare on. Default: the repository's examples.",
)
@click.option(
    "--int8",
    is_flag=True,
    help="Compute in eight bits, quantised on the pictures of --images; 300 are enough.",
)
@click.option(
    "--accept-loss",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    metavar="POINTS",
    help="With --int8: how much mAP50-95 it may lose.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The model folder to write; it must not exist yet.",
)
def export(
    weights: Path | None,
    kind: str,
    images: Path | None,
    int8: bool,
    accept_loss: float,
    out: Path,
) -> None:
    """Make a model folder that needs no torch, starts at once and answers faster.

    It is written only if it answers as the original does: the same objects, their boxes overlapping
    by 0.99 or more, their scores within 0.01.

    In eight bits answers differ a little. How much is measured with the pictures' labels in YOLO's
    format, beside them or in a folder `labels`; without labels, by the answers before.

    \b
    auto-annotate export --weights models/cars --images photos --out models/cars-fast
    auto-annotate export --weights models/cars --int8 --images data/images --out models/cars-int8
    """
    if int8 and (images is None or kind != "openvino"):
        raise click.UsageError("--int8 needs --images, and writes OpenVINO only")
    if images is None and _EXAMPLES.is_dir():
        images = _EXAMPLES
    pictures = [] if images is None else list(pictures_in([images]))
    if not pictures:
        raise click.BadParameter("no pictures to compare on: name some with --images")
    if int8:
        _export_int8(settings_of(weights), pictures, out, accept_loss)
        return
    from handler.models.export.export import export as export_model

    with Console(stderr=True).status("Exporting, and comparing with the original"):
        precision = export_model(settings_of(weights), kind, pictures, out)
    click.echo(f"{out}: the original's answers on {len(pictures)} pictures, in {precision}")


def _export_int8(settings: Settings, pictures: list[Path], out: Path, accepted: float) -> None:
    from handler.models.libraries import check_tool

    check_tool("--int8", "nncf")
    from handler.models.export.int8 import ENOUGH, export_int8

    if len(pictures) < ENOUGH:
        click.secho(
            f"{len(pictures)} pictures; {ENOUGH} give a better model", fg="yellow", err=True
        )
    with Console(stderr=True).status("Quantising, and measuring what that loses"):
        made = export_int8(settings, pictures, out, accepted)
    click.echo(
        f"{out}: in int8, {made.measure} {made.points:.2f}, a loss of {made.loss:.2f} points "
        f"by {made.by}"
    )
