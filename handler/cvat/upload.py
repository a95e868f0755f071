"""A picture as people send it by hand: as the body itself, or as a file in a form."""

from collections.abc import Mapping
from typing import Any

from python_multipart import create_form_parser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

from handler.errors import RequestError
from handler.pictures.signatures import begins_as_picture

_FORM = "multipart/form-data"
_IN_MEMORY = {"MAX_MEMORY_FILE_SIZE": 2**40}  # never to disk, which may be read-only


def is_form(content_type: str) -> bool:
    """Return whether a body is a form with files: curl -F file=@photo.jpg."""
    return content_type.lower().startswith(_FORM)


def is_picture(body: bytes | bytearray, content_type: str) -> bool:
    """Return whether a body is a picture itself: curl --data-binary @photo.jpg."""
    return content_type.lower().startswith("image/") or begins_as_picture(body)


def read_form(body: bytes | bytearray, content_type: str) -> tuple[bytes, Mapping[str, str]]:
    """Return the first file of a form (RFC 7578), and the form's other fields.

    Raises:
        RequestError: it is no form, or has no file.
    """
    files: list[bytes] = []
    fields: dict[str, str] = {}

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        files.append(file.file_object.read())

    def on_field(field: Field) -> None:
        fields[_text(field.field_name)] = _text(field.value)

    headers = {"Content-Type": content_type.encode("latin-1", "replace")}
    try:
        parser = create_form_parser(headers, on_field, on_file, _IN_MEMORY)
        parser.write(bytes(body))
        parser.finalize()
    except FormParserError as error:
        raise RequestError(f"The body is not a form ({error})", code="not_a_form") from None
    if not files:
        raise RequestError("The form has no file", "Send one: curl -F file=@photo.jpg")
    return files[0], fields


def _text(value: Any) -> str:
    return (value or b"").decode("utf-8", "replace")
