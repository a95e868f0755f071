"""Small pictures of every kind that is served, made of one photograph."""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from ultralytics.utils import ASSETS

PHOTOGRAPH = (ASSETS / "zidane.jpg").read_bytes()
SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Colour types of PNG: https://www.w3.org/TR/png-3/#3colourType
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
_DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGBA: (8, 16),
}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def photograph(width: int = 61, height: int = 43) -> Image.Image:
    """Return the photograph at a size that divides by nothing."""
    return Image.open(io.BytesIO(PHOTOGRAPH)).convert("RGB").resize((width, height))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG."""
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def exif(orientation: int, as_long: bool = False) -> bytes:
    """Return EXIF, its high bytes first, that says nothing but an orientation."""
    value = struct.pack(
        ">I" if as_long else ">HH", *([orientation] if as_long else [orientation, 0])
    )
    entry = struct.pack(">HHI", 0x0112, 4 if as_long else 3, 1) + value
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + struct.pack(">I", 0)


def xmp(orientation: int) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
        f'tiff:Orientation="{orientation}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


def png(
    color: int,
    depth: int,
    *,
    interlaced: bool = False,
    before: bytes = b"",
    behind: bytes = b"",
    size: tuple[int, int] = (61, 43),
) -> bytes:
    """Return a PNG of any colour type and depth, with chunks before and behind its pixels."""
    samples = _samples(color, depth, size)
    header = struct.pack(">IIBBBBB", *size, depth, color, 0, 0, interlaced)
    palette = b""
    if color == PALETTE:
        colors = np.random.default_rng(7).integers(0, 256, (2**depth, 3), np.uint8)
        palette = chunk(b"PLTE", colors.tobytes())
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = b"".join(_rows(samples[y::down, x::across], depth) for x, y, across, down in passes)
    pixels = zlib.compress(rows)
    middle = len(pixels) // 2
    return (
        SIGNATURE
        + chunk(b"IHDR", header)
        + palette
        + before
        + chunk(b"IDAT", pixels[:middle])
        + chunk(b"IDAT", pixels[middle:])
        + behind
        + chunk(b"IEND", b"")
    )


def _samples(color: int, depth: int, size: tuple[int, int]) -> NDArray[np.uint16]:
    """Return samples (height, width, channels) of `depth` bits."""
    image = photograph(*size)
    channels = {
        GREY: [image.convert("L")],
        PALETTE: [image.convert("L")],
        GREY_ALPHA: [image.convert("L"), Image.linear_gradient("L").resize(size)],
        RGB: image.split(),
        RGBA: [*image.split(), Image.linear_gradient("L").resize(size)],
    }[color]
    samples = np.stack([np.asarray(channel, np.uint16) for channel in channels], axis=-1)
    if depth == 16:
        noise = np.random.default_rng(5).integers(0, 256, samples.shape, np.uint16)
        return np.asarray(samples << 8 | noise, np.uint16)
    return np.asarray(samples >> (8 - depth), np.uint16)


def _rows(samples: NDArray[np.uint16], depth: int) -> bytes:
    """Return the rows of a pass, each filtered by another of PNG's five ways."""
    height, width, channels = samples.shape
    if width == 0 or height == 0:
        return b""
    if depth == 16:
        packed = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    elif depth == 8:
        packed = samples.astype(np.uint8).reshape(height, -1)
    else:
        bits = np.unpackbits(samples.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(height, -1), axis=1)
    step = max(1, channels * depth // 8)
    above = np.zeros(packed.shape[1], np.uint8)
    rows = []
    for number, row in enumerate(packed):
        way = number % 5
        rows.append(bytes([way]) + _filtered(way, row, above, step).tobytes())
        above = row
    return b"".join(rows)


_Row = NDArray[np.uint8]


def _left(row: _Row, step: int) -> _Row:
    return np.concatenate([np.zeros(min(step, len(row)), np.uint8), row[:-step]])


def _paeth(row: _Row, above: _Row, step: int) -> _Row:
    left, corner = (_left(each, step).astype(int) for each in (row, above))
    up = above.astype(int)
    guess = left + up - corner
    far = np.stack([abs(guess - each) for each in (left, up, corner)])
    return np.asarray(np.choose(far.argmin(axis=0), [left, up, corner]), np.uint8)


def _filtered(way: int, row: _Row, above: _Row, step: int) -> _Row:
    """Return a row by one of the five ways of https://www.w3.org/TR/png-3/#9Filter-types."""
    left = _left(row, step)
    half = ((left.astype(int) + above) // 2).astype(np.uint8)
    return row - (np.zeros_like(row), left, above, half, _paeth(row, above, step))[way]


def bmp(bits: int, masks: Sequence[int] = (), header: int = 40) -> bytes:
    """Return a BMP of 16, 24 or 32 bits; with masks for red, green, blue and alpha, or without.

    header: its size, which is its version: 40, 52, 56, 108 or 124.
    https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types
    """
    pixels = np.asarray(photograph()).astype(np.uint32)
    height, width = pixels.shape[:2]
    implied = {16: (0x7C00, 0x3E0, 0x1F)}.get(bits, (0xFF0000, 0xFF00, 0xFF))
    values = np.zeros((height, width), np.uint32)
    for channel, mask in enumerate((masks or implied)[:3]):
        shift, width_of = (mask & -mask).bit_length() - 1, mask.bit_count()
        values |= (pixels[..., channel] >> (8 - width_of)) << shift
    raw = values.astype("<u4")[..., None].view(np.uint8)[..., : bits // 8]
    rows = raw[::-1].reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    compression = 3 if masks else 0
    fields = struct.pack(
        "<IiiHHIIiiII", header, width, height, 1, bits, compression, rows.size, 0, 0, 0, 0
    )
    all_masks = struct.pack("<4I", *(*(masks or (0, 0, 0)), 0, 0)[:4])
    fields += all_masks if header >= 56 else all_masks[:12] if masks or header == 52 else b""
    fields = fields.ljust(header, b"\0")
    start = 14 + len(fields)
    return b"BM" + struct.pack("<IHHI", start + rows.size, 0, 0, start) + fields + rows.tobytes()


def apng(*, default_is_a_frame: bool, mode: str = "RGB") -> bytes:
    """Return an animation of three frames, whose default picture can be another."""
    image = _as(mode)
    frames = [image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), image.rotate(40)]
    return saved(
        image,
        "PNG",
        save_all=True,
        append_images=frames,
        default_image=not default_is_a_frame,
    )


def _pngs() -> Iterator[tuple[str, bytes]]:
    for color, depths in _DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                name = f"png {color}/{depth}{' interlaced' * interlaced}"
                yield name, png(color, depth, interlaced=interlaced)
    for color, length in ((GREY, 2), (RGB, 6)):
        for depth in (8, 16):
            transparent = chunk(b"tRNS", b"\0\x50" * (length // 2))
            yield f"png {color}/{depth} tRNS", png(color, depth, before=transparent)
    for depth in (1, 2, 4, 8):
        alpha = chunk(b"tRNS", bytes(range(2**depth)))
        yield f"png palette/{depth} tRNS", png(PALETTE, depth, before=alpha)
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"sRGB", b"\0")
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile at all"))
    for color in (GREY, RGB, RGBA):
        yield f"png {color} gamma", png(color, 8, before=gamma)
        yield f"png {color} profile", png(color, 8, before=profile)
        yield f"png {color} comment", png(color, 8, behind=chunk(b"tEXt", b"Comment\0hello"))
        for number in (1, 3, 6, 7):
            turned = chunk(b"eXIf", exif(number))
            yield f"png {color} eXIf {number} before", png(color, 8, before=turned)
            yield f"png {color} eXIf {number} behind", png(color, 8, behind=turned)
            packet = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(number))
            yield f"png {color} XMP {number} before", png(color, 8, before=packet)
            yield f"png {color} XMP {number} behind", png(color, 8, behind=packet)
    old = "\nexif\n%8d\n%s\n" % (len(exif(6)) + 6, (b"Exif\0\0" + exif(6)).hex())  # noqa: UP031
    raw = b"Raw profile type exif\0\0" + zlib.compress(old.encode())
    yield "png raw profile", png(RGB, 8, behind=chunk(b"zTXt", raw))
    yield "png palette eXIf behind", png(PALETTE, 8, behind=chunk(b"eXIf", exif(6)))
    yield "png as OpenCV writes it", cv2.imencode(".png", np.asarray(photograph()))[1].tobytes()
    for mode in ("RGB", "RGBA", "L", "P"):
        for is_a_frame in (False, True):
            yield f"apng {mode} {is_a_frame}", apng(default_is_a_frame=is_a_frame, mode=mode)


def _bmps() -> Iterator[tuple[str, bytes]]:
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield f"bmp {mode}", saved(_as(mode), "BMP")
    for header in (40, 108, 124):
        yield f"bmp 16 of {header}", bmp(16, header=header)
        yield f"bmp 24 of {header}", bmp(24, header=header)
        yield f"bmp 32 of {header}", bmp(32, header=header)
    for header in (40, 52, 56, 108, 124):
        yield f"bmp 565 of {header}", bmp(16, (0xF800, 0x7E0, 0x1F), header)
        yield f"bmp 555 of {header}", bmp(16, (0x7C00, 0x3E0, 0x1F), header)
        yield f"bmp 8888 of {header}", bmp(32, (0xFF0000, 0xFF00, 0xFF), header)
        yield f"bmp shifted of {header}", bmp(32, (0xFF000000, 0xFF0000, 0xFF00), header)


def _jpegs() -> Iterator[tuple[str, bytes]]:
    image = photograph()
    for mode in ("RGB", "L", "CMYK"):
        for progressive in (False, True):
            content = saved(image.convert(mode), "JPEG", progressive=progressive)
            yield f"jpeg {mode}{' progressive' * progressive}", content
    for number in (1, 2, 6, 8):
        yield f"jpeg exif {number}", saved(image, "JPEG", exif=b"Exif\0\0" + exif(number))
        long = b"Exif\0\0" + exif(number, as_long=True)
        yield f"jpeg long exif {number}", saved(image, "JPEG", exif=long)
        yield f"jpeg XMP {number}", saved(image, "JPEG", xmp=xmp(number))
        yield f"jpeg grey XMP {number}", saved(image.convert("L"), "JPEG", xmp=xmp(number))
    both = saved(image, "JPEG", exif=b"Exif\0\0" + exif(3), xmp=xmp(6))
    yield "jpeg exif 3 XMP 6", both
    yield "mpo", saved(image, "MPO", save_all=True, append_images=[image.rotate(20)])


def _others() -> Iterator[tuple[str, bytes]]:
    image = photograph()
    for mode in ("RGB", "RGBA"):
        for lossless in (False, True):
            yield f"webp {mode} {lossless}", saved(_as(mode), "WEBP", lossless=lossless)
        yield f"webp {mode} exif", saved(_as(mode), "WEBP", exif=b"Exif\0\0" + exif(6))
    for mode in ("L", "LA", "RGB", "RGBA"):
        yield f"jpeg2000 {mode}", saved(_as(mode), "JPEG2000")
        yield f"avif {mode}", saved(_as(mode), "AVIF")
    yield "avif exif", saved(image, "AVIF", exif=b"Exif\0\0" + exif(6))
    yield "webp animated", saved(image, "WEBP", save_all=True, append_images=[image.rotate(9)])
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I", "I;16", "F"):
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            content = saved(_as(mode), "TIFF", compression=compression)
            yield f"tiff {mode} {compression}", content
    yield "tiff jpeg", saved(image, "TIFF", compression="jpeg")
    yield "tiff group4", saved(image.convert("1"), "TIFF", compression="group4")
    for mode in ("1", "RGB", "I", "I;16", "CMYK"):
        yield f"tiff {mode} turned", saved(_as(mode), "TIFF", tiffinfo={274: 6})
    for mode in ("L", "P", "1", "RGB"):
        yield f"gif {mode}", saved(image.convert(mode), "GIF")
    yield "gif animated", saved(image, "GIF", save_all=True, append_images=[image.rotate(9)])
    for mode in ("1", "L", "RGB", "I;16", "F"):
        yield f"ppm {mode}", saved(_as(mode), "PPM")


def _as(mode: str) -> Image.Image:
    image = photograph()
    if mode == "LAB":
        return Image.merge("LAB", image.split())
    if mode in ("I", "I;16", "F"):
        grey = np.asarray(image.convert("L"))
        kind = {"I": np.int32, "I;16": np.uint16, "F": np.float32}[mode]
        return Image.fromarray(grey.astype(kind) * (1 if mode == "F" else 201))
    image = image.convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def all_kinds() -> dict[str, bytes]:
    """Return an encoded picture by the name of its kind."""
    return dict([*_pngs(), *_bmps(), *_jpegs(), *_others()])
