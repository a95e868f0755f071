import base64
import json
from typing import Any

import pytest

from handler.cvat.request import DetectorRequest
from handler.errors import RequestError

PICTURE = b"\xff\xd8\xff a picture"
ENCODED = base64.b64encode(PICTURE).decode()


def test_a_body_is_read_as_text_and_as_what_nuclio_parsed() -> None:
    fields = {"image": ENCODED, "threshold": 0.4}
    expected = DetectorRequest(PICTURE, 0.4)
    assert DetectorRequest.parse(json.dumps(fields).encode()) == expected
    assert DetectorRequest.parse(bytearray(json.dumps(fields).encode())) == expected
    assert DetectorRequest.parse(json.dumps(fields)) == expected
    assert DetectorRequest.parse(fields) == expected


@pytest.mark.parametrize("fields", [{}, {"threshold": None}])
def test_a_threshold_may_be_absent(fields: dict[str, Any]) -> None:
    assert DetectorRequest.parse({"image": ENCODED, **fields}).threshold is None


@pytest.mark.parametrize("threshold", [0, 1, 0.01])
def test_a_threshold_is_a_number_from_0_to_1(threshold: float) -> None:
    assert DetectorRequest.parse({"image": ENCODED, "threshold": threshold}).threshold == threshold


@pytest.mark.parametrize("threshold", [2, -0.1, "0.5", True, [0.5], {}, float("nan"), float("inf")])
def test_any_other_threshold_is_refused(threshold: Any) -> None:
    with pytest.raises(RequestError, match=r"'threshold' is .*not a number from 0 to 1") as caught:
        DetectorRequest.parse({"image": ENCODED, "threshold": threshold})
    assert caught.value.code == "bad_threshold"
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{'image': ''}", "not JSON"),
        (b'{"image": "abc', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1, 2]", "not an object"),
        (b"null", "not an object"),
        (None, "not an object"),
        ({}, "has no 'image'"),
        ({"image": None}, "has no 'image'"),
        ({"image": 5}, "'image' is not a string"),
        ({"image": ["abcd"]}, "'image' is not a string"),
        ({"image": "not base64!"}, "'image' is not base64"),
    ],
)
def test_a_wrong_body_says_what_is_wrong_with_it(body: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        DetectorRequest.parse(body)


@pytest.mark.parametrize("threshold", ["5" * 3_000_000, 10**400, "x" * 3_000_000, [0.1] * 10**6])
def test_what_a_message_shows_of_a_threshold_is_short(threshold: Any) -> None:
    with pytest.raises(RequestError) as caught:
        DetectorRequest.parse({"image": ENCODED, "threshold": threshold})
    assert len(caught.value.message) < 120


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "IMAGE/JPEG", "application/octet-stream", ""]
)
def test_a_picture_itself_is_taken(content_type: str) -> None:
    assert DetectorRequest.parse(PICTURE, content_type) == DetectorRequest(PICTURE, None)
    assert DetectorRequest.parse(PICTURE, content_type, "0.4") == DetectorRequest(PICTURE, 0.4)


def form(*parts: tuple[str, bytes]) -> tuple[bytes, str]:
    """Return a body and its type as curl -F sends it; a part's first is what follows form-data."""
    body = b"".join(
        b"--edge\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), content)
        for head, content in parts
    )
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


FILE = ('name="file"; filename="photo.jpg"', PICTURE)


def test_a_form_with_a_picture_is_taken() -> None:
    assert DetectorRequest.parse(*form(FILE)) == DetectorRequest(PICTURE, None)
    assert DetectorRequest.parse(*form(FILE), "0.4") == DetectorRequest(PICTURE, 0.4)
    named = form(('name="threshold"', b"0.3"), FILE)
    assert DetectorRequest.parse(*named, "0.4") == DetectorRequest(PICTURE, 0.3)


def test_a_large_file_is_kept_whole() -> None:
    large = PICTURE + bytes(range(256)) * 20_000
    assert DetectorRequest.parse(*form((FILE[0], large))).image == large


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (*form(('name="threshold"', b"0.3")), "The form has no file"),
        (form(FILE)[0], "multipart/form-data", "not a form"),
        (b"--other\r\n", "multipart/form-data; boundary=edge", "not a form"),
        (b"", "multipart/form-data; boundary=edge", "The form has no file"),
    ],
)
def test_what_is_wrong_with_a_form_is_said(body: bytes, content_type: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        DetectorRequest.parse(body, content_type)


@pytest.mark.parametrize("threshold", ["", "2", "nan", "much"])
def test_an_address_s_threshold_is_a_number_too(threshold: str) -> None:
    with pytest.raises(RequestError, match="not a number from 0 to 1"):
        DetectorRequest.parse({"image": ENCODED}, threshold=threshold)
