"""From an order to a bundle: what is in it, the same each time, and whole or not at all."""

import errno
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from handler.bundle import making
from handler.bundle.errors import BundleError
from handler.bundle.order import flavour_image
from handler.bundle.sums import digest_of
from handler.cli import main
from tests.bundle.conftest import EPOCH, HELPER, Docker, Make
from tests.conftest import DEMO

SLIM = flavour_image("slim")


def content_of(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Return what a bundle is: hash, mode and time by path."""
    return {
        str(path.relative_to(folder)): (
            path.is_dir() or digest_of(path),
            path.stat().st_mode,
            path.stat().st_mtime,
        )
        for path in folder.rglob("*")
    }


def blob(bundle: Path, digest: str) -> bytes:
    return (bundle / "images" / "blobs" / digest.replace(":", "/")).read_bytes()


def test_images_are_by_content_and_keep_their_health_check(make_bundle: Make) -> None:
    bundle = make_bundle()
    index = json.loads((bundle / "images" / "index.json").read_text())
    described = json.loads((bundle / "bundle.json").read_text())["images"]
    assert [image["names"] for image in described] == [[SLIM], [HELPER]]
    for entry, image in zip(index["manifests"], described, strict=True):
        assert entry["digest"] == image["digest"]
        manifest = json.loads(blob(bundle, entry["digest"]))
        assert manifest["config"]["digest"] == image["id"]
        config = json.loads(blob(bundle, image["id"]))
        assert config["config"]["Healthcheck"] == {"Test": ["CMD", "true"]}
        layers = [blob(bundle, layer["digest"]) for layer in manifest["layers"]]
        plain = [hashlib.sha256(gzip.decompress(layer)).hexdigest() for layer in layers]
        assert [f"sha256:{digest}" for digest in plain] == config["rootfs"]["diff_ids"]
    for file in (bundle / "images" / "blobs" / "sha256").iterdir():
        assert digest_of(file) == file.name


def test_a_helper_keeps_its_id_and_ours_forgets_its_build(
    make_bundle: Make, docker: Docker
) -> None:
    identity = docker.add(HELPER, {"bin/sh": b"another shell"})
    bundle = make_bundle()
    ours, helper = json.loads((bundle / "bundle.json").read_text())["images"]
    assert helper["id"] == identity
    config = json.loads(blob(bundle, ours["id"]))
    assert config["created"] == config["history"][0]["created"] == "2023-11-14T22:13:20Z"
    assert "container" not in config
    layer = gzip.decompress(blob(bundle, ours["layers"][0]["digest"]))
    assert layer[136:147] == b"%011o" % EPOCH


@pytest.mark.parametrize("name", ["{}", "{}.tar"])
def test_two_are_the_same(make_bundle: Make, tmp_path: Path, name: str) -> None:
    first, second = (make_bundle(f"{folder}/{name.format('bundle')}") for folder in "ab")
    if first.is_dir():
        assert content_of(first) == content_of(second)
    assert first.is_dir() or first.read_bytes() == second.read_bytes()
    if not first.is_dir():
        with tarfile.open(first) as archive:
            assert {(m.uid, m.gid, m.uname, m.mtime) for m in archive} == {(0, 0, "", EPOCH)}
            assert "bundle/install" in archive.getnames()
    assert not list(tmp_path.glob("*/.*"))


def test_sums_are_what_sha256sum_reads(make_bundle: Make) -> None:
    bundle = make_bundle()
    text = (bundle / "SHA256SUMS").read_text()
    lines = {line[66:]: line[:64] for line in text.splitlines()}
    files = {str(f.relative_to(bundle)) for f in bundle.rglob("*") if f.is_file()}
    assert set(lines) == files - {"SHA256SUMS"}
    assert all(digest_of(bundle / path) == digest for path, digest in lines.items())


def test_licence_texts_are_in_it(make_bundle: Make) -> None:
    packed = (make_bundle() / "licences" / f"{SLIM.replace(':', '-')}.txt.gz").read_bytes()
    assert gzip.decompress(packed) == b"==== /usr/share/doc/bash/copyright\n\nGPL-3+\n"


def test_an_update_carries_what_is_new(make_bundle: Make, docker: Docker) -> None:
    old = make_bundle("old")
    docker.add(SLIM, {"bin/sh": b"a shell"}, {"handler.py": b"2\n"})
    new, update = make_bundle("new"), make_bundle("update", since=old)
    description = json.loads((update / "bundle.json").read_text())
    assert description["since"] == digest_of(old / "SHA256SUMS")
    full = json.loads((new / "bundle.json").read_text())
    assert description["images"] == full["images"]
    carried = {file.name for file in (update / "images" / "blobs" / "sha256").iterdir()}
    lower, upper = (
        layer["digest"].removeprefix("sha256:") for layer in full["images"][0]["layers"]
    )
    assert upper in carried
    assert lower not in carried


def test_an_update_says_when_the_old_one_is_not_there(
    make_bundle: Make, docker: Docker, install: Any
) -> None:
    old = make_bundle("old")
    docker.add(SLIM, {"bin/sh": b"a shell"}, {"handler.py": b"2\n"})
    update = make_bundle("update", since=old)
    docker.forget()
    refused = install(update, "load", "--engine", "docker")
    assert "This is an update, and the image it is for is not here" in refused.stderr
    assert digest_of(old / "SHA256SUMS") in refused.stderr
    assert install(old, "load", "--engine", "docker").returncode == 0
    assert install(update, "load", "--engine", "docker").returncode == 0


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no bundle that can be read"), ('{"format": 2}', "which is newer")]
)
def test_since_something_else(make_bundle: Make, tmp_path: Path, content: str, said: str) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "SHA256SUMS").touch()
    if content:
        (old / "bundle.json").write_text(content)
    with pytest.raises(BundleError, match=said):
        make_bundle("update", since=old)
    assert not (tmp_path / "update").exists()


def test_with_a_registry_each_image_has_its_name_there_too(make_bundle: Make) -> None:
    bundle = make_bundle(registry="registry.example:5000/team")
    names = [i["names"] for i in json.loads((bundle / "bundle.json").read_text())["images"]]
    assert names == [
        [SLIM, f"registry.example:5000/team/{SLIM}"],
        [HELPER, "registry.example:5000/team/iguazio/alpine:3.20"],
    ]
    loaded = json.loads((bundle / "images" / "manifest.json").read_text())
    assert [entry["RepoTags"] for entry in loaded] == names


def test_what_is_missing_is_said(make_bundle: Make, docker: Docker) -> None:
    with pytest.raises(BundleError, match=r"auto-annotate:\S+-cuda is not in Docker. Build it: "):
        make_bundle(flavours=("slim", "cuda"))
    with pytest.raises(BundleError, match=r"busybox:1 is not in Docker. Get it: docker pull"):
        make_bundle(others=("busybox:1",))
    docker.add("busybox", {"bin/sh": b""})
    with pytest.raises(BundleError, match="busybox has no tag"):
        make_bundle(others=("busybox",))
    bundle = make_bundle()
    needs = json.loads((bundle / "bundle.json").read_text())["needs"]
    assert {need["image"]: need["here"] for need in needs} == {
        "quay.io/nuclio/dashboard:1.14.1-amd64": False,
        HELPER: True,
    }


def test_it_does_not_write_over_what_is_there(make_bundle: Make) -> None:
    bundle = make_bundle()
    before = content_of(bundle)
    with pytest.raises(BundleError, match="exists already"):
        make_bundle()
    assert content_of(bundle) == before


def test_a_full_disk_leaves_nothing(
    make_bundle: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(making, "write_sums", full)
    with pytest.raises(BundleError, match="There is no room for"):
        make_bundle("full/bundle")
    assert list((tmp_path / "full").iterdir()) == []


def test_what_a_killed_run_left_is_no_bundle_and_goes(make_bundle: Make, tmp_path: Path) -> None:
    left = tmp_path / ".bundle.partial" / "bundle"
    left.mkdir(parents=True)
    (left / "rest").touch()
    bundle = make_bundle()
    assert not (bundle / "rest").exists()
    assert not left.parent.exists()


@pytest.fixture
def digits(make_bundle: Make) -> Path:
    """A bundle with the demo model as it is exported, for both platforms and a registry."""
    return make_bundle(
        weights=(DEMO / "exported",),
        platforms=("docker", "kubernetes"),
        registry="registry.example:5000",
    )


def test_a_model_folder_comes_with_its_functions(digits: Path) -> None:
    files = {
        str(f.relative_to(DEMO / "exported")): digest_of(f)
        for f in (DEMO / "exported").rglob("*")
        if f.is_file()
    }
    described = json.loads((digits / "bundle.json").read_text())["weights"]
    assert described == [{"name": "digits", "image": "slim", "files": dict(sorted(files.items()))}]
    for path, digest in files.items():
        assert digest_of(digits / "weights" / "digits" / path) == digest
    for platform in ("docker", "kubernetes"):
        function = yaml.safe_load((digits / "functions" / platform / "digits.yaml").read_text())
        assert function["spec"]["image"] == f"registry.example:5000/{SLIM}"
    needs = [need["image"] for need in json.loads((digits / "bundle.json").read_text())["needs"]]
    assert "quay.io/nuclio/controller:1.14.1-amd64" in needs


def test_an_update_carries_no_weights_that_are_there(digits: Path, make_bundle: Make) -> None:
    update = make_bundle("update", weights=(DEMO / "exported",), since=digits)
    assert not [f for f in (update / "weights").rglob("*") if f.is_file()]
    assert (update / "weights.tsv").read_text() == (digits / "weights.tsv").read_text()


def test_weights_that_no_image_in_it_serves_are_refused(make_bundle: Make) -> None:
    with pytest.raises(BundleError, match=r"\(family ultralytics\). Add --flavour runtime"):
        make_bundle(weights=(DEMO,))
    with pytest.raises(BundleError, match="Two model folders are called digits"):
        make_bundle(weights=(DEMO / "exported", DEMO / "exported"))


def test_the_command_says_what_it_made(docker: Docker, tmp_path: Path) -> None:
    assert docker.calls == ""
    options = ["--flavour", "slim", "--no-sbom", "--out", str(tmp_path / "bundle")]
    result = CliRunner().invoke(main, ["bundle", *options])
    assert result.exit_code == 0, result.output
    assert "MISSING: quay.io/nuclio/dashboard:1.14.1-amd64" in result.output
    assert "NOT SIGNED" in result.output
    assert f"SHA256SUMS: {digest_of(tmp_path / 'bundle' / 'SHA256SUMS')}" in result.output
    again = CliRunner().invoke(main, ["bundle", *options])
    assert again.exit_code == 1
    assert "exists already" in again.output
    for wrong in (["--registry", "https://there"], ["--flavour", "large"]):
        assert CliRunner().invoke(main, ["bundle", *options, *wrong]).exit_code == 2


def test_killed_at_any_moment_it_leaves_no_bundle_or_a_good_one(
    docker: Docker, install: Any, tmp_path: Path
) -> None:
    assert docker.calls == ""
    out = tmp_path / "bundle"
    code = "import sys; from handler.cli import main; sys.argv[0] = 'auto-annotate'; main()"
    options = ["bundle", "--flavour", "slim", "--no-sbom", "--out", str(out)]
    for step in ("image inspect", "save", "save gcr.io"):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while step not in docker.calls and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert not out.exists() or install(out, "verify").returncode == 0
        shutil.rmtree(out, ignore_errors=True)
        (docker.state / "calls").unlink()
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0, result.output
    assert install(out, "verify").returncode == 0
    assert [path.name for path in tmp_path.glob(".*")] == []
