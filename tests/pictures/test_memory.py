"""What decoding a picture takes at most, measured in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.pictures.kinds import exif, photograph, saved

WIDTH, HEIGHT = 2400, 1800
USUAL = 2.2  # times the size of its RGB pixels

PROGRAM = """
import json, os, sys
from pathlib import Path
from handler.machine.machine import peak_memory, resident_memory
from handler.pictures.decoding import decode

decode(Path(sys.argv[1]).read_bytes(), 10**9)  # what is made once
taken = {}
for name in sys.argv[1:]:
    encoded, promised = Path(name).read_bytes(), []
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = resident_memory()
    picture = decode(encoded, 10**9, promised.append)
    taken[Path(name).name] = [(peak_memory() - before) / picture.size, *promised]
    taken[Path(name).name][1] /= picture.size
    del picture
print(json.dumps(taken))
"""


def pictures() -> dict[str, bytes]:
    image = photograph(WIDTH, HEIGHT)
    alpha = image.convert("RGBA")
    deep = np.asarray(image).astype(np.uint16) << 8
    turned = b"Exif\0\0" + exif(6)
    return {
        "png RGB": saved(image, "PNG", compress_level=1),
        "png RGB turned": saved(image, "PNG", compress_level=1, exif=turned),
        "png RGBA": saved(alpha, "PNG", compress_level=1),
        "png RGBA turned": saved(alpha, "PNG", compress_level=1, exif=turned),
        "png LA": saved(image.convert("LA"), "PNG", compress_level=1),
        "png P": saved(image.convert("P"), "PNG", compress_level=1),
        "png 16 bits": cv2.imencode(".png", deep)[1].tobytes(),
        "png 16 bits grey": cv2.imencode(".png", deep[..., 0].copy())[1].tobytes(),
        "png animated": saved(image, "PNG", save_all=True, append_images=[alpha.rotate(9)]),
        "jpeg": saved(image, "JPEG"),
        "jpeg turned": saved(image, "JPEG", exif=turned),
        "jpeg CMYK": saved(image.convert("CMYK"), "JPEG"),
        "jpeg progressive": saved(image, "JPEG", progressive=True, subsampling="4:2:0"),
        "jpeg progressive 4:4:4": saved(image, "JPEG", progressive=True, subsampling="4:4:4"),
        "jpeg progressive CMYK": saved(image.convert("CMYK"), "JPEG", progressive=True),
        "bmp": saved(image, "BMP"),
        "tiff": saved(image, "TIFF", compression="tiff_lzw"),
        "tiff turned": saved(image, "TIFF", tiffinfo={274: 6}),
        "tiff 32 bits": saved(Image.fromarray(np.asarray(image.convert("L"), np.int32)), "TIFF"),
        "gif": saved(image, "GIF"),
        "ppm": saved(image, "PPM"),
        "webp": saved(image, "WEBP", method=0),
        "webp RGBA": saved(alpha, "WEBP", method=0, lossless=True),
        "webp animated": saved(image, "WEBP", method=0, save_all=True, append_images=[alpha]),
        "avif": saved(image, "AVIF", speed=10),
        "avif RGBA": saved(alpha, "AVIF", speed=10),
        "jpeg2000": saved(alpha, "JPEG2000"),
    }


# What keeps all coefficients, 32 bits a sample, or several pictures beside each other.
MORE = ("webp", "avif", "jpeg2000", "jpeg progressive 4:4:4", "jpeg progressive CMYK")


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="no peak to be had")
def test_a_picture_takes_what_is_reserved_for_it(tmp_path: Path) -> None:
    names = []
    for name, content in pictures().items():
        (tmp_path / name).write_bytes(content)
        names.append(str(tmp_path / name))
    # Freed memory goes back at once, or the next picture would find it.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    for name, (taken, reserved) in json.loads(ended.stdout).items():
        assert taken <= reserved, name
        assert taken <= USUAL or name.startswith(MORE), name
