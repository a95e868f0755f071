"""The pictures of a task, fetched and decoded while the model is at those before."""

import tempfile
import zipfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from handler.cvat.task.ahead import ahead
from handler.cvat.task.connection import Server, ServerError
from handler.errors import RequestError
from handler.pictures.decoding import Picture, decode

Encoded: TypeAlias = Generator[tuple[int, bytes], None, None]

_DECODED = 2  # frames that wait for the model


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: its place in the task, its name, and its pixels, or else why there are none."""

    index: int
    name: str
    picture: Picture | RequestError


def frames_of(
    server: Server, task: Any, indices: Sequence[int], names: Sequence[str], max_pixels: int
) -> Generator[Frame, None, None]:
    """Yield frames of a task, in order.

    task: cvat-sdk's. names: of all its pictures, unless it is a film.

    Raises:
        ServerError: the server does not give them.
    """
    whole_chunks = str(task.data_original_chunk_type) == "imageset"
    fetch = _from_chunks if whole_chunks else _one_by_one

    def decoded() -> Generator[Frame, None, None]:
        with closing(fetch(server, task, indices)) as fetched:
            for index, encoded in fetched:
                name = names[index] if whole_chunks else f"frame {index}"
                try:
                    yield Frame(index, name, decode(encoded, max_pixels))
                except RequestError as error:
                    yield Frame(index, name, error)

    return ahead(decoded(), _DECODED)


def _from_chunks(server: Server, task: Any, indices: Sequence[int]) -> Encoded:
    """Yield the encoded frames out of the task's chunks, which are zip files."""
    size = task.data_chunk_size

    def chunks(folder: Path) -> Generator[tuple[list[int], Path], None, None]:
        for number, members in groupby(indices, key=lambda index: index // size):
            yield list(members), _chunk(server, task, number, folder)

    with (
        tempfile.TemporaryDirectory(prefix="auto-annotate-") as folder,
        closing(ahead(chunks(Path(folder)), 1)) as fetched,
    ):
        for members, path in fetched:
            try:
                archive = zipfile.ZipFile(path)
            except zipfile.BadZipFile:
                raise ServerError(
                    f"{server.url} sends a chunk that is no zip file (frame {members[0]})",
                    "Does a proxy between change what it sends?",
                ) from None
            with archive:
                entries = archive.infolist()
                for index in members:
                    yield index, _member(archive, entries, index % size)
            path.unlink()


def _member(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], place: int) -> bytes:
    """Return a picture of a chunk; nothing, which is no picture, where it is damaged."""
    try:
        return archive.read(entries[place])
    except (zipfile.BadZipFile, IndexError, EOFError, zlib.error):
        return b""


def _chunk(server: Server, task: Any, number: int, folder: Path) -> Path:
    path = folder / f"{number}.zip"

    def download() -> None:
        with path.open("wb") as file:
            task.download_chunk(number, file, quality="original")

    server.ask(f"chunk {number}", download)
    return path


def _one_by_one(server: Server, task: Any, indices: Sequence[int]) -> Encoded:
    """Yield the encoded frames of a film, which CVAT sends as PNG."""
    for index in indices:

        def download(index: int = index) -> bytes:
            return bytes(task.get_frame(index, quality="original").read())

        yield index, server.ask(f"frame {index}", download)
