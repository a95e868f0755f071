"""A place without internet: a network of its own, with a Docker daemon and a registry in it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ADDRESS = "10.77.0.1"
REGISTRY = f"{ADDRESS}:5443"
USER, PASSWORD = "robot", "pass word$1"
_TOOLS = ("docker-registry", "dockerd", "htpasswd", "ip", "nsenter", "openssl", "skopeo")


def run(*command: str | Path, **environment: str) -> str:
    ended = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


class ClosedSide:
    """What runs there; `folder` holds the daemon's and the registry's files, and ca.pem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.network = f"closed-{os.getpid()}"
        self.docker_host = f"unix://{folder}/docker.sock"
        self.password_file = folder / "password"
        self.registry: subprocess.Popen[bytes] | None = None

    def inside(self, *command: str | Path) -> Sequence[str | Path]:
        """Return a command as it is run in the network there."""
        return ("nsenter", f"--net=/run/netns/{self.network}", *command)

    def docker(self, *arguments: str, stdin: bytes = b"") -> str:
        ended = subprocess.run(
            ["docker", "--host", self.docker_host, *arguments],  # noqa: S607
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout.decode().strip()

    def install(self, bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a bundle's program there."""
        return subprocess.run(
            self.inside("sh", bundle / "install", *arguments),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"DOCKER_HOST": self.docker_host},
        )

    def packets_out(self) -> int:
        """Return how many packets went to addresses that are not there."""
        counter = "/sys/class/net/outside/statistics/tx_packets"
        # Of the network's own /sys.
        script = f"mount -t sysfs none /sys && cat {counter}"
        return int(run(*self.inside("unshare", "--mount", "sh", "-c", script)))

    def start_registry(self) -> None:
        self.registry = subprocess.Popen(
            self.inside("docker-registry", "serve", self.folder / "registry.yml"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        check = "import socket, sys; socket.create_connection((sys.argv[1], 5443), 1)"
        wait_for(self.inside("python3", "-c", check, ADDRESS))

    def stop_registry(self) -> None:
        if self.registry is not None:
            self.registry.kill()
            self.registry.wait()
            self.registry = None


def wait_for(command: Sequence[str | Path]) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, command
        time.sleep(0.2)


@contextmanager
def closed_side(folder: Path) -> Iterator[ClosedSide]:
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    reason = (
        f"{', '.join(missing)} not here" if missing else "" if os.geteuid() == 0 else "not root"
    )
    if reason and os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must test the closed side")
    if reason:
        pytest.skip(reason)
    side = ClosedSide(folder)
    _prepare_registry(side)
    daemon = None
    try:
        _make_network(side)
        daemon = _start_docker(side)
        side.start_registry()
        yield side
    finally:
        side.stop_registry()
        if daemon is not None:
            daemon.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(30)
            daemon.kill()
        left = side.folder / "exec" / "netns" / "default"  # the daemon leaves it mounted
        subprocess.run(["umount", "--quiet", left], check=False)  # noqa: S607
        subprocess.run(["ip", "netns", "delete", side.network], check=False)  # noqa: S607


def _make_network(side: ClosedSide) -> None:
    """Make a network whose every way out ends in a device that leads nowhere, and counts."""
    run("ip", "netns", "add", side.network)
    # The kernel looks for IPv6 routers by itself.
    no_ipv6 = "for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$file; done"
    run(*side.inside("sh", "-c", no_ipv6))
    for command in (
        "link set lo up",
        "link add outside type veth peer name nowhere",
        "link set nowhere up",
        f"address add {ADDRESS}/24 dev outside",
        "link set outside up",
        "route add default via 10.77.0.254",
        # Known, so that nothing is sent to find it.
        "neighbour add 10.77.0.254 lladdr 02:00:00:00:00:01 dev outside",
    ):
        run("ip", "-netns", side.network, *command.split())


def _start_docker(side: ClosedSide) -> subprocess.Popen[bytes]:
    command = side.inside(
        "dockerd",
        f"--data-root={side.folder}/data",
        f"--exec-root={side.folder}/exec",
        f"--pidfile={side.folder}/docker.pid",
        f"--host={side.docker_host}",
        "--iptables=false",
        "--storage-driver=overlay2",
    )
    with (side.folder / "docker.log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    wait_for(("docker", "--host", side.docker_host, "info"))
    return daemon


def _prepare_registry(side: ClosedSide) -> None:
    """Write a private authority, a certificate by it, a user, and the registry's configuration."""
    folder = side.folder
    side.password_file.write_text(f"{PASSWORD}\n")
    new_key = ("-newkey", "rsa:2048", "-nodes")
    authority = ("-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=closed")
    run("openssl", "req", "-x509", *new_key, *authority, "-days", "2")
    request = ("-keyout", folder / "key.pem", "-out", folder / "request", "-subj", "/CN=registry")
    run("openssl", "req", *new_key, *request)
    (folder / "names").write_text(f"subjectAltName=IP:{ADDRESS}")
    signer = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial")
    result = ("-out", folder / "certificate.pem", "-days", "2", "-extfile", folder / "names")
    run("openssl", "x509", "-req", "-in", folder / "request", *signer, *result)
    (folder / "users").write_text(run("htpasswd", "-Bbn", USER, PASSWORD))
    (folder / "registry.yml").write_text(f"""
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}
http:
  addr: {REGISTRY}
  secret: any
  tls: {{certificate: {folder}/certificate.pem, key: {folder}/key.pem}}
auth: {{htpasswd: {{realm: closed, path: {folder}/users}}}}
""")
