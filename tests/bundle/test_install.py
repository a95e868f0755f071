"""The program of the closed side, on good bundles and on damaged ones."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handler.bundle.order import flavour_image
from handler.bundle.sums import digest_of
from tests.bundle.conftest import HELPER, Docker, Make, Run, new_key

SLIM = flavour_image("slim")


@pytest.fixture
def bundle(make_bundle: Make, docker: Docker, key: Path) -> Path:
    """A signed bundle, on a machine that has none of its images."""
    made = make_bundle(key=key)
    docker.forget()
    return made


def test_it_says_what_it_checked(bundle: Path, key: Path, install: Run) -> None:
    checked = install(bundle, "verify", "--key", str(key.with_suffix(".pub")))
    assert checked.returncode == 0
    assert "Signed with" in checked.stdout
    assert "Good: " in checked.stdout
    unchecked = install(bundle, "verify")
    assert unchecked.returncode == 0
    assert "NOT CHECKED: who made this bundle." in unchecked.stdout


def test_a_bundle_without_signature_says_so(make_bundle: Make, key: Path, install: Run) -> None:
    made = make_bundle()
    assert "NOT SIGNED" in install(made, "verify").stdout
    refused = install(made, "verify", "--key", str(key.with_suffix(".pub")))
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: SHA256SUMS.sig is missing")


def test_another_key_is_refused_and_one_of_several_is_enough(
    bundle: Path, key: Path, tmp_path: Path, install: Run
) -> None:
    other = str(new_key(tmp_path / "other.pem").with_suffix(".pub"))
    refused = install(bundle, "load", "--key", other)
    assert refused.returncode == 1
    assert "is not by the key" in refused.stderr
    both = install(bundle, "verify", "--key", other, "--key", str(key.with_suffix(".pub")))
    assert both.returncode == 0, both.stderr
    no_key = install(bundle, "verify", "--key", str(bundle / "bundle.json"))
    assert "is no public key" in no_key.stderr


def test_load_gives_docker_the_very_images(bundle: Path, docker: Docker, install: Run) -> None:
    loaded = install(bundle, "load", "--engine", "docker")
    assert loaded.returncode == 0, loaded.stderr
    assert f"Loaded {SLIM}" in loaded.stdout
    assert f"Loaded {HELPER}" in loaded.stdout
    calls = docker.calls
    again = install(bundle, "load", "--engine", "docker")
    assert again.returncode == 0
    assert "load" not in docker.calls.removeprefix(calls).split()


def _flipped(file: Path, _: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _truncated(file: Path, _: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _removed(file: Path, _: Path) -> None:
    file.unlink()


def _replaced(file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


def _files(folder: Path) -> Iterator[Path]:
    return (file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file())


@pytest.mark.parametrize("damage", [_flipped, _truncated, _removed, _replaced])
def test_every_damage_is_refused_and_nothing_is_loaded(
    damage: Callable[[Path, Path], None],
    bundle: Path,
    make_bundle: Make,
    docker: Docker,
    key: Path,
    install: Run,
    tmp_path: Path,
) -> None:
    docker.add(SLIM, {"bin/sh": b"a shell"}, {"handler.py": b"2\n"})
    docker.add(HELPER, {"bin/sh": b"a third shell"})
    other = make_bundle("other", key=key)
    docker.forget()
    tried = 0
    for path in _files(bundle):
        theirs = other / path
        if not (bundle / path).stat().st_size:
            continue  # a list of nothing
        if damage is _replaced and not (
            theirs.exists() and digest_of(theirs) != digest_of(bundle / path)
        ):
            continue
        copy = tmp_path / "copy"
        shutil.copytree(bundle, copy)
        damage(copy / path, theirs)
        public = str(key.with_suffix(".pub"))
        refused = install(copy, "load", "--engine", "docker", "--key", public)
        assert refused.returncode != 0, (path, refused.stdout)
        if path.name != "install":
            assert refused.stderr.startswith("error: "), (path, refused.stderr)
            assert refused.stderr.count("\n") == 1, (path, refused.stderr)
        assert docker.calls == "", path
        shutil.rmtree(copy)
        tried += 1
    assert tried > 5


def test_what_does_not_belong_is_refused(bundle: Path, install: Run) -> None:
    (bundle / "images" / "more").touch()
    assert "images/more does not belong" in install(bundle, "load").stderr
    (bundle / "images" / "more").unlink()
    (bundle / "link").symlink_to("install")
    assert "link is no plain file" in install(bundle, "load").stderr


def test_all_files_of_another_bundle_are_refused_by_the_signature(
    bundle: Path, make_bundle: Make, docker: Docker, key: Path, install: Run, tmp_path: Path
) -> None:
    docker.add(SLIM, {"bin/sh": b"from somebody else"})
    forged = make_bundle("forged", key=new_key(tmp_path / "forger.pem"))
    docker.forget()
    shutil.copy(bundle / "SHA256SUMS.sig", forged)
    public = str(key.with_suffix(".pub"))
    assert "is not by the key" in install(forged, "load", "--key", public).stderr
    assert docker.calls == ""


def test_another_architecture_stops_it(
    bundle: Path, docker: Docker, install: Run, tmp_path: Path
) -> None:
    uname = tmp_path / "programs" / "uname"
    uname.write_text("#!/bin/sh\necho aarch64\n")
    uname.chmod(0o755)
    refused = install(bundle, "load", "--engine", "docker")
    assert refused.stderr.startswith(f"error: {SLIM} is for amd64, and this machine is arm64.")
    assert docker.calls == ""


def test_a_newer_format_is_refused(bundle: Path, install: Run) -> None:
    text = (bundle / "bundle.tsv").read_text()
    (bundle / "bundle.tsv").write_text(text.replace("format\t1", "format\t2"))
    (bundle / "SHA256SUMS").unlink()
    (bundle / "SHA256SUMS.sig").unlink()
    files = [str(path) for path in _files(bundle)]
    sums = subprocess.run(
        ["sha256sum", *files],  # noqa: S607
        cwd=bundle,
        capture_output=True,
        check=True,
    ).stdout
    (bundle / "SHA256SUMS").write_bytes(sums)
    assert "is of format 2" in install(bundle, "load").stderr


def test_a_read_only_bundle_is_enough(bundle: Path, install: Run) -> None:
    for path in [*bundle.rglob("*"), bundle]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert install(bundle, "load", "--engine", "docker").returncode == 0
    for path in [bundle, *bundle.rglob("*")]:
        path.chmod(0o755)


def test_it_lists_what_is_in_it_and_what_is_needed(bundle: Path, install: Run) -> None:
    listed = install(bundle, "list").stdout
    assert f"{SLIM}, amd64" in listed
    assert "MISSING quay.io/nuclio/dashboard:1.14.1-amd64" in listed
    assert f"{HELPER} (in this bundle)" in listed


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "usage: sh install"),
        (["explode"], 2, "usage: sh install"),
        (["push"], 1, "error: push needs a registry"),
        (["push", "https://registry.example"], 1, "error: push needs a registry"),
        (["verify", "--key"], 2, "usage: sh install"),
        (["load", "--engine", "rkt"], 1, "error: rkt is not here."),
    ],
)
def test_wrong_use(
    bundle: Path, install: Run, arguments: list[str], status: int, said: str
) -> None:
    wrong = install(bundle, *arguments)
    assert wrong.returncode == status
    assert wrong.stderr.startswith(said)
