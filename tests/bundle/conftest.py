"""A stand-in for Docker with two small images, and bundles made from them."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler.bundle.making import make
from handler.bundle.order import Order, flavour_image

EPOCH = 1_700_000_000
HELPER = "gcr.io/iguazio/alpine:3.20"
Make = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

# What of Docker's command line is used, with the images in $STATE: `name.json`, and saved.tar.
DOCKER = f"""#!{sys.executable} -IS
import hashlib, json, os, sys, tarfile
from pathlib import Path
state = Path(os.environ["STATE"])
arguments = sys.argv[1:]
with (state / "calls").open("a") as calls:
    print(*arguments, file=calls)
def file_of(name):
    return state / (name.replace("/", "_") + ".json")
if arguments[:2] == ["image", "inspect"]:
    images = [json.loads(file.read_text()) for file in state.glob("*.json")]
    name = arguments[-1]
    found = [i for i in images if name in (i["Id"], i["Name"])]
    if not found:
        sys.exit(f"Error: No such image: {{name}}")
    print(found[0]["Id"] if "--format" in arguments else json.dumps(found))
elif arguments[0] == "save":
    sys.stdout.buffer.write((state / f"{{arguments[1].replace('/', '_')}}.tar").read_bytes())
elif arguments[0] == "load":
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        members = ((m.name.removeprefix("./"), archive.extractfile(m)) for m in archive)
        files = {{name: file.read() for name, file in members if file}}
    for entry in json.loads(files["manifest.json"]):
        identity = "sha256:" + hashlib.sha256(files[entry["Config"]]).hexdigest()
        for name in entry["RepoTags"]:
            file_of(name).write_text(json.dumps({{"Id": identity, "Name": name}}))
"""


def tar_of(files: dict[str, bytes], mtime: int = EPOCH + 99, **options: Any) -> bytes:
    """Return a tar of files, newer than the bundle's time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), mtime
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Docker:
    """The stand-in: what it has, and what it was asked."""

    def __init__(self, state: Path) -> None:
        self.state = state
        state.mkdir()

    def add(self, name: str, *layers: dict[str, bytes]) -> str:
        """Give it an image, as `docker save` of Docker 20.10 writes one; return its id."""
        tars = [tar_of(files) for files in layers]
        diff_ids = [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": "2026-11-27T22:58:43.782412619Z",
                "container": "of the build",
                "config": {
                    "Healthcheck": {"Test": ["CMD", "true"]},
                    "OnBuild": None,
                    "Labels": {"org.opencontainers.image.version": "0.1.0"},
                },
                "history": [{"created": "2026-11-27T22:58:43.782412619Z", "created_by": "RUN"}],
                "rootfs": {"type": "layers", "diff_ids": diff_ids},
            }
        ).encode()
        identity = hashlib.sha256(config).hexdigest()
        paths = [f"{i:064x}/layer.tar" for i in range(len(tars))]
        manifest = [{"Config": f"{identity}.json", "RepoTags": [name], "Layers": paths}]
        files = {f"{identity}.json": config, **dict(zip(paths, tars, strict=True))}
        files["manifest.json"] = json.dumps(manifest).encode()
        file = self.state / name.replace("/", "_")
        Path(f"{file}.tar").write_bytes(tar_of(files))
        described = {
            "Id": f"sha256:{identity}",
            "Name": name,
            "Created": "2026-11-27T22:58:43.782412619Z",
            "Architecture": "amd64",
        }
        Path(f"{file}.json").write_text(json.dumps(described))
        return f"sha256:{identity}"

    def forget(self) -> None:
        """Take all images from it, and what it was asked."""
        for file in self.state.iterdir():
            file.unlink()

    @property
    def calls(self) -> str:
        file = self.state / "calls"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """The stand-in on PATH, with the slim image and Nuclio's helper."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    stand_in = Docker(tmp_path / "docker")
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("STATE", str(stand_in.state))
    licence = {"usr/share/doc/bash/copyright": b"GPL-3+\n"}
    stand_in.add(flavour_image("slim"), {"bin/sh": b"a shell"}, {"handler.py": b"1\n"} | licence)
    stand_in.add(HELPER, {"bin/sh": b"another shell"})
    return stand_in


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key in PEM; its public half is `key.pub` beside it."""
    return new_key(tmp_path / "key.pem")


def new_key(file: Path) -> Path:
    options = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    for command in (
        ["genpkey", *options, "-out", str(file)],
        ["pkey", "-in", str(file), "-pubout", "-out", str(file.with_suffix(".pub"))],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)  # noqa: S607
    return file


@pytest.fixture
def make_bundle(tmp_path: Path, docker: Docker) -> Make:  # noqa: ARG001 - from its images
    def run(name: str = "bundle", **options: Any) -> Path:
        order = Order(out=tmp_path / name, flavours=("slim",), lists=False, created=EPOCH)
        order.out.parent.mkdir(exist_ok=True)
        make(replace(order, **options), lambda _: None)
        return order.out

    return run


@pytest.fixture
def install() -> Run:
    """Run a bundle's program."""

    def run(bundle: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", bundle / "install", *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | environment,
        )

    return run
