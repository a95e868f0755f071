from pathlib import Path

import pytest

from handler.errors import ModelError, RequestError, SettingsError
from handler.models.export.pictures import Pictures
from handler.pictures.decoding import decode
from handler.pictures.files import about_file


def test_a_file_is_called_by_its_name_and_not_by_a_request_s_word_for_it() -> None:
    with pytest.raises(RequestError) as caught:
        decode(b"no picture", 100)
    words = about_file("a.jpg", caught.value)
    assert words.startswith("a.jpg is not a picture. Known are: JPEG, ")
    assert about_file("a.jpg", PermissionError(13, "Permission denied")) == (
        "a.jpg cannot be read (Permission denied)."
    )
    failure = ModelError("The model failed", "The log has the traceback.")
    failure.__cause__ = ValueError("shape")
    assert about_file("a.jpg", failure) == "a.jpg: the model fails on it (ValueError: shape)."


def test_a_picture_to_compare_on_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(SettingsError, match=r"a\.jpg is not a picture"):
        list(Pictures([tmp_path / "a.jpg"], 100))
