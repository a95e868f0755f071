"""Pictures to compare on, read when they are needed: hundreds do not fit into memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handler.errors import RequestError, SettingsError
from handler.pictures import decoding
from handler.pictures.decoding import Picture
from handler.pictures.files import about_file


@dataclass(frozen=True)
class Pictures:
    """Files, each of at most `max_pixels`."""

    paths: Sequence[Path]
    max_pixels: int

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[tuple[Path, Picture]]:
        """Yield each file and its pixels.

        Raises:
            SettingsError: it is not a picture, or too large.
        """
        for path in self.paths:
            try:
                picture = decoding.decode(path.read_bytes(), self.max_pixels)
            except RequestError as error:
                raise SettingsError(about_file(str(path), error)) from None
            yield path, picture

    def spread(self, most: int) -> "Pictures":
        """Return at most `most` of them, evenly from the first to the last."""
        count = min(most, len(self.paths))
        chosen = np.linspace(0, len(self.paths) - 1, count).round().astype(int).tolist()
        return Pictures([self.paths[index] for index in chosen], self.max_pixels)
