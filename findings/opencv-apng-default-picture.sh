#!/usr/bin/env bash
# Of an animated PNG OpenCV's imdecode gives a frame, where the default picture is another.
#
# opencv-python-headless 5.0.0.93, pillow 13.0.0. An APNG whose pixels proper (IDAT) are no frame shows
# them wherever animation is unknown: the PNG without its animation. imdecode, which returns one
# picture, returns the first frame; Pillow returns the default picture as its first image. Whoever
# labels with the one and predicts with the other looks at two different pictures. Seen:
#
#   default picture 10, first frame 200: Pillow 10, OpenCV 200
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opencv-python-headless==5.0.0.93 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io

import cv2
import numpy as np
from PIL import Image

default, *frames = (Image.new("RGB", (32, 32), (level,) * 3) for level in (10, 200, 220))
content = io.BytesIO()
default.save(content, "PNG", save_all=True, append_images=frames, default_image=True)
first = Image.open(content).convert("RGB").getpixel((0, 0))[0]
read = cv2.imdecode(np.frombuffer(content.getvalue(), np.uint8), cv2.IMREAD_COLOR)
print(f"default picture 10, first frame 200: Pillow {first}, OpenCV {read[0, 0, 0]}")
raise SystemExit((first, int(read[0, 0, 0])) != (10, 200))
PYTHON
