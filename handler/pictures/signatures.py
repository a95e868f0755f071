"""Whether bytes begin as an encoded picture does, of the formats that are decoded."""

import re

# The signatures are those of each format's specification; JSON begins with none of them.
_BEGINNING = re.compile(
    rb"\xff\xd8\xff"  # JPEG
    rb"|\x89PNG\r\n\x1a\n"
    rb"|GIF8[79]a"
    rb"|RIFF....WEBP"
    rb"|BM"
    rb"|II\*\0|MM\0\*"  # TIFF
    rb"|P[1-7]\s"  # PPM and its relatives
    rb"|\0\0\0\x0cjP  \r\n|\xff\x4f\xff\x51"  # JPEG 2000: in a box, and the bare stream
    rb"|....ftyp(?:avif|avis|mif1)",
    re.DOTALL,
)


def begins_as_picture(body: bytes | bytearray) -> bool:
    """Return whether `body` may be a picture; decoding it tells."""
    return _BEGINNING.match(body) is not None
