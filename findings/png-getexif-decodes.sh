#!/usr/bin/env bash
# Pillow's getexif() of a PNG decodes the whole picture, if no eXIf chunk stands before the pixels.
#
# pillow 13.0.0. For JPEG, WebP and TIFF the call reads the header alone, which makes it the usual way
# to learn an orientation before another library decodes the picture. A PNG's eXIf chunk may also
# stand behind the pixels, so Pillow loads these to get there, where passing over the chunks would do:
# whoever asks for the orientation and then decodes with OpenCV inflates the picture twice. Seen:
#
#   JPEG: getexif() decodes False
#   PNG without eXIf: getexif() decodes True
#   PNG with eXIf before its pixels: getexif() decodes False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io

from PIL import Image

exif = Image.Exif()
exif[0x0112] = 6
seen = []
for name, kind, options in (
    ("JPEG", "JPEG", {}),
    ("PNG without eXIf", "PNG", {}),
    ("PNG with eXIf before its pixels", "PNG", {"exif": exif}),
):
    content = io.BytesIO()
    Image.new("RGB", (640, 480)).save(content, kind, **options)
    content.seek(0)
    image = Image.open(content)
    image.getexif()
    decodes = not image.tile  # what is left to decode
    print(f"{name}: getexif() decodes {decodes}")
    seen.append(decodes)
raise SystemExit(seen != [False, True, False])
PYTHON
