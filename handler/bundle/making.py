"""From an order to a bundle, which is there whole or not at all."""

import errno
import gzip
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from handler.bundle import docker, sbom, signing
from handler.bundle.contents import Contents
from handler.bundle.errors import BundleError
from handler.bundle.image import Image
from handler.bundle.layout import Layout
from handler.bundle.needs import Need, needs_of
from handler.bundle.older import Older
from handler.bundle.order import Order, flavour_image
from handler.bundle.saved import save
from handler.bundle.sums import digest_of, write_sums
from handler.bundle.weights import add_weights
from handler.pictures.trial import trial_request

Say = Callable[[str], object]
CLOSED = Path(__file__).parent / "closed"
_PROGRAMS = ("install", "bin/nuctl")


def make(order: Order, say: Say) -> None:
    """Make a bundle, or an update of an older one.

    Raises:
        AnnotateError: something that goes into it is missing, or there is no room; nothing is left.
    """
    ours = {flavour_image(flavour): _inspect(flavour) for flavour in order.flavours}
    created = _newest(ours.values()) if order.created is None else order.created
    needs, others = _needed(order, next(iter(ours.values()))["Architecture"])
    older = Older.read(order.since) if order.since else None
    if order.lists:
        sbom.syft()
    with _staged(order.out) as folder:
        key = signing.fingerprint(order.key) if order.key else None
        weights = add_weights(order, folder)
        say(f"Packing {', '.join([*ours, *others])} ...")
        layout = Layout(folder / "images")
        images = save(_names(order, ours), layout, newest=created, helper=False)
        images += save(_names(order, others), layout, newest=None, helper=True)
        layout.finish(images)
        _describe(images, layout, folder, order, created, say)
        if older:
            layout.keep(older.lacks(images))
            _drop(folder, older)
        contents = Contents(
            order=order,
            images=images,
            weights=weights,
            needs=needs,
            created=created,
            key=key,
            since=older.sums if older else None,
            required=older.required_by(images) if older else {},
        )
        _finish(folder, contents, order, created)
    _report(order, contents, say)


def _inspect(flavour: str) -> dict[str, Any]:
    name = flavour_image(flavour)
    found = docker.inspect(name)
    if found is None:
        generation, _, zero = flavour.partition("-")
        build = f"MMROTATE=0 ./scripts/build {generation}" if zero else f"./scripts/build {flavour}"
        raise BundleError(f"{name} is not in Docker", f"Build it: {build}")
    return found


def _newest(images: Sequence[dict[str, Any]] | Any) -> int:
    times = [datetime.fromisoformat(image["Created"][:19] + "+00:00") for image in images]
    return int(max(times).timestamp())


def _needed(order: Order, architecture: str) -> tuple[list[tuple[Need, bool]], list[str]]:
    """Return what the closed side needs and whether it is here, and the names of what is."""
    for name in order.others:
        if docker.inspect(name) is None:
            raise BundleError(f"{name} is not in Docker", f"Get it: docker pull {name}")
        if ":" not in name.rpartition("/")[2] or "@" in name:
            raise BundleError(f"{name} has no tag", "Name it with one, by which it is loaded.")
    needs = [
        (need, docker.inspect(need.image) is not None)
        for need in needs_of(order.platforms, order.nuclio, architecture)
    ]
    here = [need.image for need, is_here in needs if is_here]
    return needs, list(dict.fromkeys([*order.others, *here]))


def _names(order: Order, images: Any) -> dict[str, tuple[str, ...]]:
    return {name: order.names_of(name) for name in images}


def _describe(
    images: Sequence[Image], layout: Layout, folder: Path, order: Order, created: int, say: Say
) -> None:
    """Write the licence texts of each image, and what is in it."""
    (folder / "licences").mkdir()
    for image in images:
        if image.licences:
            file = folder / "licences" / f"{image.file_name}.txt.gz"
            file.write_bytes(gzip.compress(sbom.licence_texts(image).encode(), mtime=0))
    if not order.lists:
        return
    (folder / "sbom").mkdir()
    for image in images:
        say(f"Listing what is in {image.name} ...")
        sbom.write_sboms(image, layout.folder, folder / "sbom", created)


def _drop(folder: Path, older: Older) -> None:
    """Remove the weights and licence texts that the older bundle brought."""
    for path, digest in older.files.items():
        if (folder / path).exists() and digest_of(folder / path) == digest:
            (folder / path).unlink()


def _finish(folder: Path, contents: Contents, order: Order, created: int) -> None:
    """Write what is about the whole: the closed side's programs, the lists, sums and signature."""
    for name in ("install", "push.py", "README.txt"):
        shutil.copyfile(CLOSED / name, folder / name)
    (folder / "picture.json").write_bytes(trial_request())
    if order.nuctl:
        (folder / "bin").mkdir()
        shutil.copyfile(order.nuctl, folder / "bin" / "nuctl")
    contents.write(folder)
    sums = write_sums(folder)
    if order.key:
        signing.sign(sums, order.key)
    for path in [*folder.rglob("*"), folder]:
        program = path.is_dir() or str(path.relative_to(folder)) in _PROGRAMS
        path.chmod(0o755 if program else 0o644)
        os.utime(path, (created, created))


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """Give a folder beside `out`, which becomes `out`, or its tar, at the end.

    What a killed run left there is removed.

    Raises:
        BundleError: `out` exists, or there is no room for it.
    """
    if out.exists():
        raise BundleError(f"{out} exists already", "Name another with --out, or remove it.")
    name = out.name.removesuffix(".tar")
    staging = out.parent / f".{name}.partial"
    folder, archive = staging / name, staging / out.name
    try:
        shutil.rmtree(staging, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
        if out.suffix == ".tar":
            _pack(folder, archive)
        archive.rename(out)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise BundleError(f"{out} cannot be written: {error.strerror}") from error
        raise BundleError(
            f"There is no room for {out}", "Free some, or write to another disk with --out."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _pack(folder: Path, archive: Path) -> None:
    def unnamed(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as packed:
        packed.add(folder, folder.name, recursive=False, filter=unnamed)
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder)}"
            packed.add(path, name, recursive=False, filter=unnamed)


def _report(order: Order, contents: Contents, say: Say) -> None:
    for need, here in contents.needs:
        if not here:
            say(f"MISSING: {need.image} ({need.purpose}). docker pull it here, or have it there.")
    if contents.key is None:
        say("NOT SIGNED: nobody can prove where it came from. --key signs it.")
    else:
        say(f"Signed with the key {contents.key[:16]}.")
    if order.out.is_dir():
        files = [file for file in order.out.rglob("*") if file.is_file()]
        say(f"SHA256SUMS: {digest_of(order.out / 'SHA256SUMS')}")
        size = sum(file.stat().st_size for file in files)
    else:
        size = order.out.stat().st_size
    say(f"{order.out}: {size / 1e6:.1f} MB. On the closed side: sh install verify")
