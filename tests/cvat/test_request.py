import base64
import json
from typing import Any

import pytest

from handler.cvat.request import DetectorRequest
from handler.errors import RequestError

PICTURE = b"\xff\xd8 a picture"
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
