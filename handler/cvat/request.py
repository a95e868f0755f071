"""What CVAT asks a detector.

`{"image": base64, "threshold": number}`, where `threshold` may be absent: CVAT 2.73,
`cvat/apps/lambda_manager/views.py`.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from handler.errors import RequestError, SettingsError
from handler.pictures.decoding import from_base64
from handler.settings import FRACTION, read_as


@dataclass(frozen=True)
class DetectorRequest:
    """One picture, encoded (JPEG, PNG, ...), and the lowest score to report if CVAT names one."""

    image: bytes
    threshold: float | None

    @classmethod
    def parse(cls, body: Any) -> "DetectorRequest":
        """Read a request's body; Nuclio hands it over parsed when its content type is JSON.

        Raises:
            RequestError: not JSON, no image, not base64, or a threshold outside 0..1.
        """
        fields = _parse_json(body) if isinstance(body, bytes | bytearray | str) else body
        if not isinstance(fields, dict):
            raise RequestError(
                "The body is JSON, but not an object",
                'Send {"image": "<base64>", "threshold": 0.5}.',
            )
        return cls(image=_image(fields), threshold=_threshold(fields.get("threshold")))


def _parse_json(body: bytes | bytearray | str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            f"The body is not JSON ({error})",
            'Send {"image": "<base64>", "threshold": 0.5}.',
            code="not_json",
        ) from None


def _image(fields: dict[str, Any]) -> bytes:
    if fields.get("image") is None:
        raise RequestError("The request has no 'image'", "Put the picture there, as base64.")
    if not isinstance(fields["image"], str):
        raise RequestError("'image' is not a string", "Send the picture as base64.")
    return from_base64(fields["image"])


def _threshold(value: Any) -> float | None:
    if value is None:
        return None
    try:
        if isinstance(value, str):
            raise SettingsError(f"'threshold' is {value!r}, not {FRACTION.expects}")
        return float(read_as(FRACTION, value, "'threshold'"))
    except SettingsError as error:
        raise RequestError(error.message, code="bad_threshold") from None
