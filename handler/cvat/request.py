"""What CVAT asks a detector, and the same asked by hand.

CVAT sends `{"image": base64, "threshold": number}`, where `threshold` may be absent: CVAT 2.73,
`cvat/apps/lambda_manager/views.py`. A person sends the picture itself or a form with it, and
`?threshold=` in the address.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from handler.cvat.upload import is_form, is_picture, read_form
from handler.errors import RequestError, SettingsError
from handler.pictures.decoding import from_base64
from handler.settings import FRACTION, read_as, shown


@dataclass(frozen=True)
class DetectorRequest:
    """One picture, encoded (JPEG, PNG, ...), and the lowest score to report if CVAT names one."""

    image: bytes
    threshold: float | None

    @classmethod
    def parse(
        cls, body: Any, content_type: str = "", threshold: str | None = None
    ) -> "DetectorRequest":
        """Read a request's body; Nuclio hands it over parsed when its content type is JSON.

        threshold: what the address says of it; the body goes over it.

        Raises:
            RequestError: not JSON, no image, not base64, or a threshold outside 0..1.
        """
        if isinstance(body, bytes | bytearray):
            if is_form(content_type):
                picture, texts = read_form(body, content_type)
                return cls(picture, _from_text(texts.get("threshold", threshold)))
            if is_picture(body, content_type):
                return cls(bytes(body), _from_text(threshold))
        fields = _parse_json(body) if isinstance(body, bytes | bytearray | str) else body
        if not isinstance(fields, dict):
            raise RequestError(
                "The body is JSON, but not an object",
                'Send {"image": "<base64>", "threshold": 0.5}.',
            )
        named = fields.get("threshold")
        return cls(_image(fields), _from_text(threshold) if named is None else _from_number(named))


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


def _from_number(value: Any) -> float:
    if isinstance(value, str):
        raise _bad_threshold(f"'threshold' is {shown(value)}, not {FRACTION.expects}")
    return _fraction(value)


def _from_text(text: str | None) -> float | None:
    return None if text is None else _fraction(text)


def _fraction(value: Any) -> float:
    try:
        return float(read_as(FRACTION, value, "'threshold'"))
    except SettingsError as error:
        raise _bad_threshold(error.message) from None


def _bad_threshold(message: str) -> RequestError:
    return RequestError(message, code="bad_threshold")
