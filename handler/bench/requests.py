"""CVAT's requests, of pictures in a folder."""

import base64
import json
from pathlib import Path
from typing import Any

from handler.errors import RequestError, SettingsError
from handler.pictures.files import about_file, pictures_in

MOST = 16  # pictures


def requests(images: Path | None, max_pixels: int) -> tuple[list[str], list[bytes]]:
    """Return the names of some pictures, evenly chosen, and the bodies of CVAT's requests.

    Raises:
        SettingsError: there are none, or one cannot be decoded.
    """
    from handler.pictures import trial
    from handler.pictures.decoding import decode

    if images is None:
        return ["the trial picture"], [trial.trial_request()]
    paths = list(pictures_in([images]))
    if not paths:
        raise SettingsError(f"There are no pictures in {images}", "Name others with --images.")
    chosen = paths[:: -(-len(paths) // MOST)]
    bodies = []
    for path in chosen:
        encoded = path.read_bytes()
        try:
            decode(encoded, max_pixels)
        except RequestError as error:
            raise SettingsError(about_file(str(path), error)) from None
        bodies.append(body_of(encoded))
    return [path.name for path in chosen], bodies


def body_of(encoded: bytes, **fields: Any) -> bytes:
    """Return the body of CVAT's request for an encoded picture."""
    return json.dumps({"image": base64.b64encode(encoded).decode(), **fields}).encode()
