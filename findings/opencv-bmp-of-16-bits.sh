#!/usr/bin/env bash
# OpenCV never reaches white in a BMP of 16 bits, and refuses one whose masks are in its header.
#
# opencv-python-headless 5.0.0.93, pillow 13.0.0. Five bits become eight by a shift, so that 31 is 248
# and not 255: a white picture is grey. With the same three masks in a header of 108 bytes
# (BITMAPV4HEADER), where every writer since 1995 may put them, nothing is decoded at all. Seen:
#
#   header 40: Pillow 255 255 255, OpenCV 248 252 248
#   header 108: Pillow 255 255 255, OpenCV does not decode it
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opencv-python-headless==5.0.0.93 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct

import cv2
import numpy as np
from PIL import Image

# https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapv4header
SIDE, MASKS = 8, struct.pack("<3I", 0xF800, 0x7E0, 0x1F)
pixels = b"\xff" * (2 * SIDE * SIDE)
seen = []
for size in (40, 108):
    fields = struct.pack("<IiiHHIIiiII", size, SIDE, SIDE, 1, 16, 3, len(pixels), 0, 0, 0, 0)
    header = (fields + MASKS).ljust(max(size, 52), b"\0")
    start = 14 + len(header)
    content = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + pixels
    white = Image.open(io.BytesIO(content)).convert("RGB").getpixel((0, 0))
    read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    other = None if read is None else tuple(read[0, 0].tolist())
    text = "does not decode it" if other is None else " ".join(map(str, other))
    print(f"header {size}: Pillow {' '.join(map(str, white))}, OpenCV {text}")
    seen.append((white, other))
raise SystemExit(seen != [((255,) * 3, (248, 252, 248)), ((255,) * 3, None)])
PYTHON
