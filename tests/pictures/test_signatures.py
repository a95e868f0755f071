import io

import pytest
from PIL import Image

from handler.pictures.opening import FORMATS
from handler.pictures.signatures import begins_as_picture


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_known_by_its_beginning(kind: str) -> None:
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, kind)
    assert begins_as_picture(written.getvalue())


@pytest.mark.parametrize("body", [b"", b'{"image": ""}', b" []", b"null", b"image=1", b"\xff\xd8"])
def test_a_request_is_no_picture(body: bytes) -> None:
    assert not begins_as_picture(body)
