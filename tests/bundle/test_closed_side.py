"""A bundle of the real image, carried to a place without internet."""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from handler.bundle.image import Layer
from handler.bundle.layout import Layout
from handler.bundle.making import make
from handler.bundle.order import FLAVOURS, Order, flavour_image
from handler.bundle.saved import save
from handler.service import Service
from tests.bundle.closed_side import PASSWORD, REGISTRY, USER, ClosedSide, closed_side, run
from tests.bundle.conftest import EPOCH, HELPER, new_key
from tests.conftest import DEMO, EXAMPLES, ROOT, body_of
from tests.containers import LOCKED_DOWN, POST, docker

pytestmark = pytest.mark.docker

# What nuctl does on a Docker host: start the image with the folder that the file names.
NUCTL = f"""#!{sys.executable}
import subprocess, sys
import yaml
if "get" in sys.argv:
    print("| cvat |")
if "deploy" in sys.argv:
    document = yaml.safe_load(open(sys.argv[sys.argv.index("--file") + 1]))
    folder = document["spec"]["volumes"][0]["volume"]["hostPath"]["path"]
    name = "nuclio-nuclio-" + document["metadata"]["name"]
    subprocess.run(["docker", "rm", "--force", name], stderr=subprocess.DEVNULL)
    command = ["docker", "run", "--detach", "--network=host", "--name", name]
    command += ["--volume", folder + ":/weights:ro", document["spec"]["image"]]
    subprocess.run(command, check=True)
    ready = ["docker", "exec", name, "python3", "-I", "-S", "/usr/local/bin/healthcheck.py"]
    while subprocess.run(ready, capture_output=True).returncode:
        pass
"""


@dataclass(frozen=True)
class Bundles:
    """The image's bundle, and after a changed line of the handler: whole, and as an update."""

    first: Path
    whole: Path
    update: Path
    key: Path


@pytest.fixture(scope="module")
def bundles(
    build: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bundles]:
    folder = tmp_path_factory.mktemp("bundles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FLAVOURS, "slim", f"-bundle-test-{os.getpid()}")
        name = flavour_image("slim")
        (folder / "nuctl").write_text(NUCTL)
        order = Order(
            out=folder / "first",
            flavours=("slim",),
            weights=(DEMO / "exported",),
            nuctl=folder / "nuctl",
            key=new_key(folder / "key.pem"),
            registry=REGISTRY,
            lists=True,
            created=EPOCH,
        )
        docker("tag", build("slim"), name)
        own_helper = docker("image", "inspect", HELPER, check=False)[0] != 0
        if own_helper:  # which plays no part but to be there
            docker("tag", name, HELPER)
        try:
            make(order, print)
            docker(
                "tag", build("slim", root=changed(folder / "changed"), name="slim-changed"), name
            )
            make(replace(order, out=folder / "whole", lists=False), print)
            make(replace(order, out=folder / "update", since=order.out, nuctl=None), print)
            yield Bundles(*(folder / name for name in ("first", "whole", "update", "key.pub")))
        finally:
            docker("image", "rm", name, *([HELPER] if own_helper else []))


def changed(folder: Path) -> Path:
    """Return a copy of the repository with another line in the handler."""
    folder.mkdir()
    for name in (".dockerignore", "Dockerfile", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder)
    for name in ("deploy", "handler", "requirements", "scripts", "weights"):
        shutil.copytree(ROOT / name, folder / name)
    with (folder / "handler" / "models" / "__init__.py").open("a") as source:
        source.write("\nCHANGED = True\n")
    return folder


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClosedSide]:
    with closed_side(tmp_path_factory.mktemp("closed")) as running:
        yield running


def images_of(bundle: Path) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = json.loads((bundle / "bundle.json").read_text())["images"]
    return images


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_the_network_counts_what_goes_out(side: ClosedSide) -> None:
    before = side.packets_out()
    ask = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('192.0.2.1', 53))"
    subprocess.run(side.inside(sys.executable, "-c", ask), check=True)
    assert side.packets_out() == before + 1


def test_it_is_deployed_and_annotates(side: ClosedSide, bundles: Bundles, demo: Service) -> None:
    before = side.packets_out()
    weights = str(side.folder / "weights")
    key = ("--key", str(bundles.key), "--weights", weights)
    deployed = side.install(bundles.first, "deploy", *key)
    assert deployed.returncode == 0, deployed.stderr
    assert "digits answers with 10 shapes." in deployed.stdout
    for image in images_of(bundles.first):
        assert side.docker("image", "inspect", "--format={{.Id}}", image["names"][0]) == image["id"]
    picture = EXAMPLES[0].read_bytes()
    call = ("exec", "--interactive", "nuclio-nuclio-digits", "python3", "-c", POST, "8080")
    answer = json.loads(side.docker(*call, stdin=body_of(picture)))
    expected = json.loads(demo.answer(body_of(picture)).body)
    assert [shape["label"] for shape in answer] == [shape["label"] for shape in expected]
    assert side.packets_out() == before


def test_an_update_gives_the_image_of_the_whole_bundle(side: ClosedSide, bundles: Bundles) -> None:
    before = side.packets_out()
    assert side.install(bundles.first, "load").returncode == 0
    loaded = side.install(bundles.update, "load", "--key", str(bundles.key))
    assert loaded.returncode == 0, loaded.stderr
    (image, *_) = images_of(bundles.whole)
    assert image == images_of(bundles.update)[0]
    assert image["id"] != images_of(bundles.first)[0]["id"]
    assert side.docker("image", "inspect", "--format={{.Id}}", image["names"][0]) == image["id"]
    assert size_of(bundles.update) < 1_000_000
    assert side.packets_out() == before


@pytest.mark.parametrize("engine", ["skopeo", "docker"])
def test_a_registry_gets_it_under_its_digest(
    side: ClosedSide, bundles: Bundles, engine: str
) -> None:
    before = side.packets_out()
    registry = f"{REGISTRY}/by/{engine}"
    options = ["--engine", engine, "--user", USER, "--password-file", str(side.password_file)]
    with_ca = [*options, "--ca", str(side.folder / "ca.pem")]
    refused = side.install(bundles.first, "push", registry, *options)
    assert "name its --ca" in refused.stderr
    assert refused.returncode == 1
    stranger = side.install(bundles.first, "push", registry, *with_ca, "--user", "stranger")
    assert "does not take this user and password" in stranger.stderr
    side.stop_registry()
    assert side.install(bundles.first, "push", registry, *with_ca).stderr.count("\n") == 1
    side.start_registry()
    pushed = side.install(bundles.first, "push", registry, *with_ca)
    assert pushed.returncode == 0, pushed.stderr
    assert PASSWORD not in pushed.stdout + pushed.stderr
    for image in images_of(bundles.first):
        assert f"pulled {image['digest']}" in pushed.stdout
    update = side.install(bundles.update, "push", registry, *with_ca)
    assert update.returncode == 0, update.stderr
    assert f"pulled {images_of(bundles.whole)[0]['digest']}" in update.stdout
    assert side.packets_out() == before


def test_a_killed_load_is_mended_by_the_next(side: ClosedSide, bundles: Bundles) -> None:
    (image, *_) = images_of(bundles.whole)
    name = image["names"][0]
    for delay in (0.3, 1.0, 2.0):
        side.docker("system", "prune", "--all", "--force")
        process = subprocess.Popen(
            side.inside("sh", bundles.whole / "install", "load"),
            env=os.environ | {"DOCKER_HOST": side.docker_host},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(delay)
        os.killpg(process.pid, 9)
        process.wait()
        assert side.docker("image", "ls", "--quiet", name) in ("", image["id"][7:19])
    assert side.install(bundles.whole, "load").returncode == 0
    assert side.docker("image", "inspect", "--format={{.Id}}", name) == image["id"]


def test_the_lists_hold_every_package(bundles: Bundles) -> None:
    image = images_of(bundles.first)[0]["names"][0]
    python = "import importlib.metadata as m; print(*{d.name for d in m.distributions()})"
    installed = docker("run", "--rm", *LOCKED_DOWN, image, "python3", "-c", python)[1].split()
    query = ("dpkg-query", "--show", "--showformat=${Package} ")
    debian = docker("run", "--rm", *LOCKED_DOWN, image, *query)[1].split()
    name = image.replace(":", "-")
    listed = []
    for kind, key in (("spdx", "packages"), ("cdx", "components")):
        packed = (bundles.first / "sbom" / f"{name}.{kind}.json.gz").read_bytes()
        listed.append({package["name"] for package in json.loads(gzip.decompress(packed))[key]})
    for names in listed:
        assert set(debian) <= names
        assert {plain(one) for one in installed} <= {plain(one) for one in names}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_two_builds_of_one_commit_are_one_image(tmp_path: Path) -> None:
    images = []
    for name in ("auto-annotate-test:first", "auto-annotate-test:second"):
        own = ("--build-arg", "BASE_IMAGE", "--no-cache", "--target", "system", "--tag", name)
        run("docker", "build", *own, ROOT, DOCKER_BUILDKIT="1")
        layout = Layout(tmp_path / name)
        images += save({name: (name,)}, layout, newest=EPOCH, helper=False)
        docker("image", "rm", name)
    first, second = images
    for one, other in zip(first.layers, second.layers, strict=True):
        listed = (files_of(tmp_path / first.name, one), files_of(tmp_path / second.name, other))
        assert not sorted(set(listed[0]) ^ set(listed[1]))
    assert first.config == second.config
    assert first.manifest == second.manifest


def files_of(layout: Path, layer: Layer) -> Iterator[tuple[Any, ...]]:
    """Give what a layer is: path, kind, mode, owner, time and content of each file."""
    with tarfile.open(layout / layer.blob.path) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            digest = hashlib.sha256(content.read()).hexdigest() if content else member.linkname
            owner = (member.uid, member.gid)
            yield (member.name, member.type, member.mode, owner, member.mtime, digest)
