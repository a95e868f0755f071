"""Which picture each result is of."""

import json
from pathlib import Path
from typing import Any

from handler.errors import SettingsError

NAME = "annotated.jsonl"


class Index:
    """Which picture each result is of: a file in the folder of results.

    A line is one result: `name`, `source` (an absolute path), `size` in bytes and `changed` in
    nanoseconds of the source, `shapes` found. Lines are added as results are finished; of several
    of one name the last counts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._entries: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            for line in self.path.read_text("utf-8").splitlines():
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
            return (self.folder / f"{name}.json").exists()
        return bool(entry["source"] != str(source.resolve()))

    def done(self) -> set[str]:
        """Return the names whose results are there, of sources that did not change since."""
        names = set()
        for name, entry in self._entries.items():
            if (self.folder / f"{name}.json").exists() and entry == {
                **entry,
                **_state(Path(entry["source"])),
            }:
                names.add(name)
        return names

    def add(self, name: str, source: Path, shapes: int) -> None:
        """Note a finished result.

        Raises:
            SettingsError: the index cannot be written.
        """
        entry = {"name": name, "source": str(source.resolve()), **_state(source), "shapes": shapes}
        self._entries[name] = entry
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise SettingsError(f"{self.path} cannot be written ({error.strerror})") from None


def _state(source: Path) -> dict[str, int]:
    try:
        found = source.stat()
    except OSError:
        return {"size": -1, "changed": -1}
    return {"size": found.st_size, "changed": found.st_mtime_ns}
