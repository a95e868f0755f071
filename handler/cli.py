"""The command line, `auto-annotate`."""

import itertools
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from handler.commands.arguments import PICTURE_SUFFIXES, pictures_in, settings_of, weights_option
from handler.commands.bench import bench
from handler.errors import AnnotateError
from handler.settings import Settings

_PLATFORM = click.Choice(["docker", "kubernetes"])
_EXAMPLES = Path(__file__).parents[1] / "examples"  # not in an image


class _Group(click.Group):
    """Commands whose errors are one line each, and exit with 1; `--debug` shows the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AnnotateError as error:
            if ctx.params["debug"]:
                raise
            click.secho(f"error: {error}", fg="red", err=True)
            ctx.exit(1)


def _read_replicas(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    fewest, _, most = value.partition(":")
    if not (fewest.isdecimal() and most.isdecimal()):
        raise click.BadParameter(f"{value!r} is not MIN:MAX, such as 1:4", ctx, parameter)
    return int(fewest), int(most)


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


@main.command()
@weights_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8070, show_default=True, help="The port to listen on.")
def serve(weights: Path | None, host: str, port: int) -> None:
    """Answer CVAT's requests over HTTP, as the Nuclio function does.

    \b
    auto-annotate serve --weights models/cars &
    echo "{\\"image\\": \\"$(base64 -w0 picture.jpg)\\", \\"threshold\\": 0.5}" |
      curl -s 127.0.0.1:8070 -H 'Content-Type: application/json' -d @-
    """
    from handler import service
    from handler.server import app

    settings = settings_of(weights)
    service.log_to_stdout()
    click.secho(f"Serving {settings.weights} on http://{host}:{port} (Ctrl-C ends it)", err=True)
    app.serve(settings, host, port)


@main.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@weights_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("annotated"),
    show_default=True,
    help="Where the results go.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="The lowest score to report, as CVAT's own field. Else the model's.",
)
@click.pass_context
def annotate(
    ctx: click.Context,
    images: tuple[Path, ...],
    weights: Path | None,
    out: Path,
    threshold: float | None,
) -> None:
    """Annotate pictures, or folders of them.

    Each picture gives NAME.json, what CVAT would get, and NAME.png, with the shapes drawn.

    \b
    auto-annotate annotate picture.jpg photos/ --weights models/cars --out results
    """
    from handler.pictures.drawing import draw
    from handler.service import Service

    pictures = list(pictures_in(images))
    if not pictures:
        raise click.BadParameter(f"no pictures ({' '.join(PICTURE_SUFFIXES)}) found")
    service = Service.load(settings_of(weights, exports=False))
    out.mkdir(parents=True, exist_ok=True)
    failures = 0
    # The bar is on stderr; other output goes above it, but only where it is on the same screen.
    with Progress(console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        for path, name in progress.track(_named(pictures), description="Annotating"):
            try:
                picture, shapes = service.annotate(path.read_bytes(), threshold)
            except AnnotateError as error:
                failures += 1
                click.secho(f"{path}: {error}", fg="red", err=True)
                continue
            (out / f"{name}.json").write_bytes(_one_a_line(shapes))
            draw(picture, shapes, service.labels).save(out / f"{name}.png")
            click.echo(f"{path}: {_summary(shapes)} -> {out / name}.json, {out / name}.png")
    if failures:
        ctx.exit(1)


@main.command()
@weights_option
@click.option(
    "--platform",
    type=_PLATFORM,
    default="docker",
    show_default=True,
    help="Where Nuclio runs.",
)
@click.option("--gpu", is_flag=True, help="Run on a GPU.")
@click.option(
    "--image",
    metavar="REF",
    help="The prebuilt image. Default: auto-annotate:VERSION, with --gpu VERSION-cuda, of an "
    "MMRotate model VERSION-mmrotate.",
)
@click.option(
    "--build",
    "build_image",
    metavar="REF",
    help="For your own Python on top of the image: the name of the image that Nuclio builds.",
)
@click.option("--name", help="The function's name. Default: from model.yaml, else the folder's.")
@click.option(
    "--weights-path",
    type=click.Path(path_type=Path),
    metavar="HOST_DIR",
    help="Where the model folder is on the Docker host. Default: where it is here.",
)
@click.option(
    "--weights-claim",
    metavar="PVC",
    help="The claim that holds the model folder on Kubernetes. Default: auto-annotate-weights.",
)
@click.option("--workers", default=1, show_default=True, help="Frames at a time, a model each.")
@click.option(
    "--replicas",
    callback=_read_replicas,
    metavar="MIN:MAX",
    help="Pods for the autoscaler on Kubernetes. Default: 1:1.",
)
@click.option("--cpu", metavar="N", help="CPU limit, such as 2 or 500m. Default on Kubernetes: 2.")
@click.option("--memory", metavar="SIZE", help="Memory limit. Default: 4Gi, with --gpu 8Gi.")
@click.option("--port", type=int, help="A fixed port of the host, or NodePort of the cluster.")
@click.option("--labels", is_flag=True, help="Print the labels for CVAT's task constructor (Raw).")
def function(
    weights: Path | None, platform: str, weights_path: Path | None, labels: bool, **options: Any
) -> None:
    """Print a function.yaml whose labels come from the weights.

    \b
    auto-annotate function --weights models/cars > function.yaml
    auto-annotate function --weights models/cars --platform kubernetes --gpu --replicas 1:4
    auto-annotate function --weights models/cars --labels
    """
    from handler.checks.check import refuse_errors
    from handler.cvat.spec import raw_labels, spec_of
    from handler.nuclio.function import Function
    from handler.service import Service

    service = Service.load(settings_of(weights, exports=False))
    if labels:
        click.echo(raw_labels(spec_of(service.labels)))
        return
    if platform == "docker" and weights_path is None:
        weights_path = service.folder.path.resolve()
    rendered = Function.of_model(
        service.folder.path,
        service.folder.config,
        service.model.description,
        service.labels,
        platform=platform,
        weights_path=weights_path,
        variant=getattr(service.model, "image_variant", ""),
        **options,
    )
    refuse_errors(rendered.to_dict(), platform)
    click.echo(rendered.to_yaml(), nl=False)


@main.command()
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


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--weights", type=click.Path(path_type=Path), metavar="DIR", help="A model folder, to try it."
)
@click.option(
    "--platform",
    type=_PLATFORM,
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

    FILE is a function.yaml; the one in this folder, if none is named. Without a terminal --fix
    does not ask.

    \b
    auto-annotate check function.yaml --weights models/cars
    auto-annotate check function.yaml --nuclio http://127.0.0.1:8070
    auto-annotate check --fix function.yaml
    """
    from handler.commands import findings

    ctx.exit(findings.run(**options))


_platform_argument = click.argument("platform", type=_PLATFORM)
_file_argument = click.argument("file", type=click.Path(path_type=Path))


@main.command()
@_platform_argument
@_file_argument
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


@main.command()
@_platform_argument
@_file_argument
def remove(platform: str, file: Path) -> None:
    """Remove the function of FILE from Nuclio.

    \b
    auto-annotate remove docker function.yaml
    """
    from handler.commands.deployment import remove

    remove(file, platform, click.echo)


main.add_command(bench)


def _summary(shapes: Iterable[dict[str, Any]]) -> str:
    counts = Counter(shape["label"] for shape in shapes)
    return ", ".join(f"{count} {label}" for label, count in counts.items()) or "nothing found"


def _one_a_line(shapes: Iterable[dict[str, Any]]) -> bytes:
    """Return a JSON list with a shape on each line: a mask has millions of numbers."""
    from handler.cvat.shapes import to_json

    lines = [to_json(shape) for shape in shapes]
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _named(pictures: Iterable[Path]) -> list[tuple[Path, str]]:
    """Give each picture the name of its results: its stem, numbered where that is taken."""
    names: dict[str, Path] = {}
    for path in pictures:
        candidates = itertools.chain(
            [path.stem], (f"{path.stem}-{number}" for number in itertools.count(2))
        )
        names[next(name for name in candidates if name not in names)] = path
    return [(path, name) for name, path in names.items()]
