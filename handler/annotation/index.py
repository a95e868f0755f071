"""Which picture each result is of."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handler.annotation.writing import unwritable

NAME = "annotated.jsonl"
SUFFIXES = (".json", ".jpg", ".png")  # of a result's files


class Index:
    """Which picture each result is of: a file in the folder of results.

    A line is one result: `name`; `source`, a path from the folder of results, so that both can be
    moved together, or seen under another path inside a container; and, once the result is there,
    `size` in bytes and `changed` in nanoseconds of the source, and `shapes` found. Lines are added;
    of several of one name the last counts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._entries: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            for line in self.path.read_text("utf-8", errors="replace").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            entry = json.loads(line)
            self._entries[entry["name"]] = entry
        except (ValueError, KeyError, TypeError):
            return  # cut off in the middle of a line

    def belongs_to_another(self, name: str, source: Path) -> bool:
        """Tell whether there is a result of this name that is of another picture."""
        entry = self._entries.get(name)
        if entry is None:
            files = (self.folder / f"{name}{suffix}" for suffix in SUFFIXES)
            return any(file.exists() for file in files)
        return bool(entry["source"] != self._from_here(source))

    def done(self) -> set[str]:
        """Return the names of finished results, of sources that did not change since."""
        states: dict[str, Mapping[str, int]] = {}
        names = set()
        for name, entry in self._entries.items():
            source = entry["source"]
            if source not in states:
                states[source] = _state(self.folder / source)
            if entry.items() >= states[source].items():
                names.add(name)
        return names

    def claim(self, names: Mapping[str, Path]) -> None:
        """Note whose results will have names, before any is written.

        Raises:
            SettingsError: the index cannot be written.
        """
        new = ((name, self._from_here(source)) for name, source in names.items())
        self._add(
            [
                {"name": name, "source": source}
                for name, source in new
                if self._entries.get(name, {}).get("source") != source
            ]
        )

    def add(self, name: str, source: Path, shapes: int) -> None:
        """Note a finished result.

        Raises:
            SettingsError: the index cannot be written.
        """
        entry = {"name": name, "source": self._from_here(source), **_state(source)}
        self._add([entry | {"shapes": shapes}])

    def _add(self, entries: list[dict[str, Any]]) -> None:
        self._entries.update({entry["name"]: entry for entry in entries})
        lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write("".join(lines))
        except OSError as error:
            raise unwritable(self.path, error) from None

    def _from_here(self, source: Path) -> str:
        return Path(os.path.relpath(source.absolute(), self.folder.absolute())).as_posix()


def _state(source: Path) -> dict[str, int]:
    try:
        found = source.stat()
    except OSError:
        return {"size": -1, "changed": -1}
    return {"size": found.st_size, "changed": found.st_mtime_ns}
