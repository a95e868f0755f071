"""How much memory a picture takes while it is decoded."""

from PIL.ImageFile import ImageFile

# Bytes a pixel at most, the result's three among them: measured, as the resident set's highest.
# Most are below 2.2 times the result. More take what keeps all coefficients (progressive JPEG), 32
# bits a sample (JPEG 2000), or several pictures beside each other (AVIF, WebP).
_USUAL = 6.6
_OF_FORMAT = {"AVIF": 12.5, "JPEG2000": 25.0, "WEBP": 12.5}
_PROGRESSIVE = 12.5


def needed(header: ImageFile) -> int:
    """Return how many bytes decoding a picture takes at most, its pixels included."""
    width, height = header.size
    rate = _OF_FORMAT.get(header.format or "", _USUAL)
    if header.info.get("progressive"):
        rate = _PROGRESSIVE
    return round(width * height * rate)
