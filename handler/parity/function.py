"""A running function, asked as CVAT asks it."""

import base64
import json
from collections.abc import Sequence
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from handler.detection.detections import Detections
from handler.errors import AnnotateError, SettingsError
from handler.parity.answers import of_shapes

_SECONDS = 120  # CVAT's own patience


class FunctionError(AnnotateError):
    """A function that did not answer for one picture, or not as CVAT could read it."""

    code = "function_failed"


def ask(
    url: str,
    encoded: bytes,
    threshold: float | None,
    classes: Sequence[str],
    size: tuple[int, int],
) -> Detections:
    """Return what the function at `url` answers for a picture of `size`, width and height.

    Raises:
        FunctionError: it answers with an error, with something else than shapes, or not at all.
        SettingsError: the address is none.
    """
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"{url} is no address", "Write it as http://127.0.0.1:8070.")
    body: dict[str, object] = {"image": base64.b64encode(encoded).decode()}
    if threshold:  # CVAT never sends 0
        body["threshold"] = threshold
    request = Request(  # noqa: S310
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310
            said = reply.read()
    except HTTPError as error:
        with error:
            raise FunctionError(
                f"{url} answers {error.code}: {error.read()[:200].decode(errors='replace')}"
            ) from None
    except (URLError, OSError, HTTPException) as error:
        raise FunctionError(f"{url} does not answer: {error}") from None
    try:
        return of_shapes(json.loads(said), classes, *size)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise FunctionError(
            f"{url} answers with something else than CVAT's shapes: {type(error).__name__}: {error}"
        ) from None
