"""The command `auto-annotate function`."""

from pathlib import Path
from typing import Any

import click

from handler.commands.arguments import PLATFORM, settings_of, weights_option


def _read_replicas(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    fewest, _, most = value.partition(":")
    if not (fewest.isdecimal() and most.isdecimal()):
        raise click.BadParameter(f"{value!r} is not MIN:MAX, such as 1:4", ctx, parameter)
    return int(fewest), int(most)


@click.command()
@weights_option
@click.option(
    "--platform",
    type=PLATFORM,
    default="docker",
    show_default=True,
    help="Where Nuclio runs.",
)
@click.option("--gpu", is_flag=True, help="Run on a GPU.")
@click.option(
    "--image",
    metavar="REF",
    help="The prebuilt image. Default: auto-annotate:VERSION, with --gpu VERSION-cuda, of an "
    "MMRotate model VERSION-mmrotate, inside the image slim VERSION-slim.",
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
    from handler.models.libraries import running_variant
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
        variant=getattr(service.model, "image_variant", "") or running_variant(options["gpu"]),
        **options,
    )
    refuse_errors(rendered.to_dict(), platform)
    click.echo(rendered.to_yaml(), nl=False)
