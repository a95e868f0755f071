"""The server's process: its ports, its start, and its end."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from handler.errors import SettingsError
from handler.server.app import create_app
from handler.server.catalogue import Catalogue
from handler.server.connections import protocol
from handler.settings import Settings


def serve(
    settings: Settings,
    folders: Sequence[Path],
    host: str,
    port: int,
    grace: int,
    on_ready: Callable[[Catalogue], None],
) -> None:
    """Serve the models of some folders until SIGINT or SIGTERM, and end the process.

    The port is open while they load. Of several models each has a port of its own, the next ones.
    grace: seconds that requests in progress have when the process is to end.

    Raises:
        SettingsError: a port cannot be listened on.
        AnnotateError: the model cannot be loaded, or none of several.
    """
    ports = [port] if len(folders) == 1 else [port + 1 + index for index in range(len(folders))]
    listeners = [listen(host, each) for each in dict.fromkeys([port, *ports])]
    catalogue = Catalogue(settings, folders, ports)

    def started() -> None:
        if catalogue.failure is None:
            on_ready(catalogue)
        else:
            server.should_exit = True

    config = uvicorn.Config(
        create_app(catalogue, started),
        http=protocol(settings.read_timeout, settings.connections),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace,
    )
    server = uvicorn.Server(config)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    server.run(sockets=listeners)
    if catalogue.failure is not None:
        raise catalogue.failure


def _end(*_: Any) -> None:
    """End at once: uvicorn, which answers first, hands a signal on when it has done so.

    A model that is loading, or that computes for longer than anybody waits, is not waited for.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        SettingsError: it cannot, and what to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
    raise SettingsError(f"Cannot listen on {host}:{port}: {reason}", _remedy(host))


def _remedy(host: str) -> str:
    """Name what is at fault: a port of this host that is free can be had, or none can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, 0), family=family).close()
    except OSError:
        return "Choose another --host: 127.0.0.1, 0.0.0.0, or an address of this machine."
    return "Choose another --port."
