"""Pictures opened by Pillow: their headers, before anything is decoded."""

import ctypes
import logging
import warnings
from pathlib import Path

import cv2
from PIL import Image

# What CVAT takes as an image. Pillow knows more formats, some of which run other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000", "AVIF")

# Kept before ultralytics replaces it by one that looks for further packages, and for pip.
open_image = Image.open
Image.init()  # register all formats, so that `FORMATS` can choose among them
# The limit on pixels is ours (`max_pixels`).
Image.MAX_IMAGE_PIXELS = None


def silence_libraries() -> None:
    """Keep the decoders from writing to standard error: a broken picture is an answer.

    libtiff lets nobody but its own handlers say so, and Pillow sets none.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    warnings.filterwarnings("ignore", module=r"PIL\b")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    maps = Path("/proc/self/maps").read_text().splitlines()
    for library in {line.split()[-1] for line in maps if "/libtiff" in line}:
        loaded = ctypes.CDLL(library)
        loaded.TIFFSetErrorHandler(None)
        loaded.TIFFSetWarningHandler(None)


silence_libraries()
