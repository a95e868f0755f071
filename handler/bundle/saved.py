"""The images of a Docker daemon, read from what `docker save` writes into a layout.

Read as a stream, so that nothing is on the disk twice. Format: Docker's image specification 1.2
(manifest.json, layer.tar); since Docker 25 the names point into blobs/, and layers may be packed.
"""

import gzip
import json
import posixpath
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any, cast

from handler.bundle.docker import client
from handler.bundle.errors import BundleError
from handler.bundle.image import Image, Layer
from handler.bundle.layers import Source
from handler.bundle.layout import Layout

_LARGEST_JSON = 1 << 24
_BUFFER = 1 << 20


class _Peeked:
    """A stream whose first block has been looked at."""

    def __init__(self, file: Source) -> None:
        self._file = file
        self.head = file.read(512)
        self._unread = self.head

    def read(self, size: int = -1, /) -> bytes:
        data, self._unread = self._unread[:size], self._unread[size:]
        return data or self._file.read(size)


class SavedImages:
    """The files of one `docker save`: JSON texts by path, and layers, which go into the layout.

    newest: see `Layout.add_layer`.
    """

    def __init__(self, layout: Layout, newest: int | None) -> None:
        self._layout, self._newest = layout, newest
        self._texts: dict[str, bytes] = {}
        self._layers: dict[str, tuple[Layer, dict[str, bytes]]] = {}
        self._links: dict[str, str] = {}

    def read(self, stream: IO[bytes]) -> None:
        """Read the archive, in the order it comes in."""
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER) as archive:
            for member in archive:
                if member.issym() or member.islnk():
                    folder = posixpath.dirname(member.name) if member.issym() else ""
                    target = posixpath.normpath(posixpath.join(folder, member.linkname))
                    self._links[member.name] = target
                elif file := archive.extractfile(member):
                    self._read_file(member.name, _Peeked(file))

    def _read_file(self, name: str, file: _Peeked) -> None:
        packed = file.head.startswith(b"\x1f\x8b")
        if packed or file.head[257:262] == b"ustar" or not any(file.head):
            source: Source = gzip.GzipFile(fileobj=cast(IO[bytes], file)) if packed else file
            self._layers[name] = self._layout.add_layer(source, self._newest)
        else:
            self._texts[name] = file.read(_LARGEST_JSON) + file.read(_LARGEST_JSON)

    def images(self, names: Mapping[str, tuple[str, ...]], helper: bool) -> list[Image]:
        """Return the images, which end in the layout.

        names: from the name that an image was saved by to those that it gets.
        """
        listed = json.loads(self._texts["manifest.json"])
        by_name = {name: entry for entry in listed for name in entry["RepoTags"] or []}
        return [self._image(by_name[name], new, helper) for name, new in names.items()]

    def _image(self, entry: Mapping[str, Any], names: tuple[str, ...], helper: bool) -> Image:
        found = [self._layers[self._links.get(path, path)] for path in entry["Layers"]]
        layers = tuple(layer for layer, _ in found)
        text = self._texts[entry["Config"]]
        config = json.loads(text)
        if self._newest is None:
            blob = self._layout.add_bytes(text)
        else:
            config = _clamped(config, self._newest)
            config["rootfs"] = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
            blob = self._layout.add_json(config)
        return Image(
            names=names,
            config=blob,
            manifest=self._layout.add_manifest(blob, layers),
            layers=layers,
            architecture=config["architecture"],
            labels=(config.get("config") or {}).get("Labels") or {},
            helper=helper,
            licences={path: text for _, texts in found for path, text in texts.items()},
        )


def save(
    names: Mapping[str, tuple[str, ...]], layout: Layout, *, newest: int | None, helper: bool
) -> list[Image]:
    """Save images of the Docker daemon into a layout.

    names: from an image's name in Docker to the names that it gets.
    newest: no file and no configuration in them is newer, in seconds since 1970; None leaves them
        as they are, and their ids with them.

    Raises:
        BundleError: Docker cannot.
    """
    if not names:
        return []
    saved = SavedImages(layout, newest)
    command: Sequence[str] = [client(), "save", *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603
    with process:
        assert process.stdout  # noqa: S101
        assert process.stderr  # noqa: S101
        try:
            saved.read(process.stdout)
        except (tarfile.TarError, EOFError) as error:
            process.kill()
            said = process.stderr.read().decode(errors="replace").strip() or str(error)
            raise BundleError(f"docker save ended in the middle: {said}", "Try again.") from None
        except BaseException:
            process.kill()
            raise
    return saved.images(names, helper)


def _clamped(config: Mapping[str, Any], newest: int) -> dict[str, Any]:
    """Return a configuration without a trace of when and by which build it was made."""
    clamped = dict(config) | {"created": _earlier(config.get("created"), newest)}
    clamped["history"] = [
        step | {"created": _earlier(step.get("created"), newest)}
        for step in config.get("history") or []
    ]
    for trace in ("container", "container_config", "docker_version", "moby.buildkit.buildinfo.v1"):
        clamped.pop(trace, None)
    return clamped


def _earlier(time: str | None, newest: int) -> str:
    """Return the earlier of a time of RFC 3339, and `newest`, in seconds since 1970."""
    latest = datetime.fromtimestamp(newest, UTC)
    given = datetime.fromisoformat(time[:19] + "+00:00") if time else latest
    return min(given, latest).strftime("%Y-%m-%dT%H:%M:%SZ")
