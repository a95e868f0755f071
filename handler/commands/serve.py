"""The command `auto-annotate serve`."""

from pathlib import Path

import click

from handler.commands.arguments import settings_of, weights_option


@click.command()
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
