"""What is to be annotated: pictures, those in folders, and the frames of videos."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from handler.annotation import index, video
from handler.errors import SettingsError
from handler.pictures.decoding import Picture, decode
from handler.pictures.files import PICTURE_SUFFIXES

VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")


@dataclass(frozen=True)
class Source:
    """A file to annotate; `relative` is its path below the argument that it was found in."""

    path: Path
    root: Path
    relative: PurePosixPath

    @property
    def is_video(self) -> bool:
        """Whether it has frames."""
        return self.path.suffix.lower() in VIDEO_SUFFIXES


@dataclass(frozen=True)
class Frame:
    """One picture to annotate: of which source, under which name, and how it is read.

    number: of a video's frame, counted from 0 as CVAT does; None for a picture.
    read: returns its pixels; raises RequestError or OSError.
    """

    source: Source
    name: str
    number: int | None
    read: Callable[[], Picture]

    def __str__(self) -> str:
        where = "" if self.number is None else f", frame {self.number}"
        return f"{self.source.path}{where}"


def sources_in(paths: Iterable[Path], out: Path) -> list[Source]:
    """Return the files among `paths`, and the pictures and videos in the folders among them.

    Nothing below `out`, or below any folder of results, is taken: they are not annotated again.

    Raises:
        SettingsError: one of them is not there, or is no file or folder.
    """
    found: dict[str, Source] = {}
    for path in paths:
        for source in _found_in(path):
            if not source.path.resolve().is_relative_to(out.resolve()):
                found.setdefault(os.path.normpath(source.path.absolute()), source)
    return list(found.values())


def _found_in(path: Path) -> Iterator[Source]:
    scheme = re.match(r"(\w+):/+", str(path))  # a Path has one slash where there were two
    if scheme is not None or str(path) == "-":
        name = str(path) if scheme is None else f"{scheme[1]}://{str(path)[scheme.end() :]}"
        raise SettingsError(
            f"{name} is not read: files and folders are", "Write it to a file, and name that."
        )
    if not path.exists():
        raise SettingsError(f"{path} does not exist", "Name a picture, a video or a folder.")
    if path.is_file():
        yield Source(path, path.parent, PurePosixPath(path.name))
        return
    files = sorted(file for file in path.rglob("*") if file.is_file())
    results = {file.parent for file in files if file.name == index.NAME}
    for file in files:
        if not results.isdisjoint(file.parents):
            continue
        if file.suffix.lower() in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES):
            yield Source(file, path, PurePosixPath(file.relative_to(path).as_posix()))


def frames_of(source: Source, name: str, every: int, max_pixels: int) -> Iterator[Frame]:
    """Yield a picture, or each `every`-th frame of a video.

    A frame of a video is named by its number, below the video's name.

    Raises:
        RequestError: the video cannot be read.
        SettingsError: PyAV is not installed.
    """
    if not source.is_video:
        yield Frame(source, name, None, lambda: decode(source.path.read_bytes(), max_pixels))
        return
    for number, read in video.frames(source.path, every, max_pixels):
        yield Frame(source, f"{name}/{number:06}", number, read)


def count(sources: Iterable[Source], every: int) -> int | None:
    """Return how many frames there are; None where a video does not say."""
    total = 0
    for source in sources:
        length = video.length(source.path) if source.is_video else every
        if not length:
            return None
        total += -(-length // every)
    return total
