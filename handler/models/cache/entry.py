"""Exported models on disk: each is whole or not there, whoever is killed while it is written.

A folder of the cache is named by the key of what it was made from and holds a model folder and the
sums of its files. It is written under another name, by one process at a time, and renamed.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from handler.errors import AnnotateError, WeightsError
from handler.models.folder.model_folder import digest

KEPT = 8
ATTEMPTS = 3
_SUMS = "sha256sums"
_STAGING = ".staging-"

log = logging.getLogger("auto_annotate")


class CacheError(AnnotateError):
    """The cache cannot be written."""

    code = "cache_unusable"


class ExportError(WeightsError):
    """The weights cannot be exported, and will not be the next time either."""

    code = "export_failed"


@dataclass(frozen=True)
class Entry:
    """The place of one exported model in a cache, filled or not."""

    cache: Path
    key: str

    @property
    def path(self) -> Path:
        """The folder of the entry, whether it is there or not."""
        return self.cache / self.key

    @property
    def _failure(self) -> Path:
        return self.cache / f"{self.key}.failed"

    @property
    def _attempts(self) -> Path:
        return self.cache / f"{self.key}.attempts"

    def is_filled(self) -> bool:
        """Tell whether a whole and undamaged model is there.

        Raises:
            ExportError: the export failed before, and `remember` was told why.
            CacheError: the cache cannot be read.
        """
        with _cache_errors(self.cache):
            if self._failure.exists():
                raise ExportError(
                    f"the export failed at an earlier start: {self._failure.read_text().strip()}",
                    f"To try again, remove {self._failure}.",
                )
            sums = self.path / _SUMS
            if not sums.exists() or sums.read_text() != _sums(self.path):
                return False
            with suppress(OSError):  # a cache that was filled elsewhere may be read-only
                os.utime(self.path)
            return True

    @contextmanager
    def writing(self, size: int) -> Iterator[tuple[Path, int]]:
        """Yield a folder with room for `size` bytes, and a lock: nobody else writes meanwhile.

        The lock is a file descriptor, and held for as long as any process lives that has it. What
        killed processes left behind is removed.

        Raises:
            CacheError: the cache is missing, read-only or full.
        """
        with _cache_errors(self.cache), (self.cache / "lock").open("a") as lock:
            _take(lock.fileno(), self.cache)
            for left in self.cache.glob(f"{_STAGING}*"):
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_STAGING, dir=self.cache) as staging:
                _reserve(Path(staging, "room"), size)
                yield Path(staging), lock.fileno()

    def begin(self) -> None:
        """Count an attempt, until `end`: of a process that was killed it stays counted.

        Raises:
            ExportError: too many attempts were killed.
        """
        begun = self._attempts.read_text().count("\n") if self._attempts.exists() else 0
        if begun >= ATTEMPTS:
            self.end()
            raise ExportError(
                f"{begun} starts were killed while they exported, as happens without free memory",
                "Give the container 2 GB of memory.",
            )
        with self._attempts.open("a") as file:
            file.write("begun\n")

    def end(self) -> None:
        """Forget the attempts: this one came to an end."""
        self._attempts.unlink(missing_ok=True)

    def keep(self, made: Path) -> None:
        """Put a model folder in its place, and let those go that were not used for longest."""
        (made / _SUMS).write_text(_sums(made))
        shutil.rmtree(self.path, ignore_errors=True)
        made.rename(self.path)
        kept = [sums.parent for sums in self.cache.glob(f"*/{_SUMS}")]
        for old in sorted(kept, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def remember(self, failure: ExportError) -> None:
        """Let later starts fail at once."""
        if not self._failure.exists():
            with suppress(OSError):
                self._failure.write_text(f"{failure}\n")


@contextmanager
def _cache_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CacheError(
            f"the cache {cache} cannot be used ({os.strerror(error.errno or 0)})",
            "Mount a folder there that the function's user can write, with room for the export.",
        ) from error


def _take(lock: int, cache: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("waiting for another process, which exports into %s", cache)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _sums(folder: Path) -> str:
    """Return what sha256sum prints of the files of a model folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _SUMS)
    return "".join(f"{digest(file)}  {file.relative_to(folder)}\n" for file in files)


def _reserve(file: Path, size: int) -> None:
    """Take `size` bytes for a moment: then no limit and no quota is in the way."""
    with file.open("wb") as room:
        os.posix_fallocate(room.fileno(), 0, size)
    file.unlink()
