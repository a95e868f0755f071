"""The start of a plugin: a model folder that answers, for its owner to put a model in."""

import keyword
import re
from pathlib import Path

from handler.errors import SettingsError

_CODE = '''"""{title}: boxes around what is bright. Put your model in its place."""

from pathlib import Path

import cv2
import numpy as np

from handler.detection.detections import Detections
from handler.pictures.decoding import Picture


class {name}:
    task = "detect"  # or obb, segment, pose (with `keypoints`), classify
    classes = ("bright",)  # in the order of your class numbers

    def load(self, folder: Path, device: str) -> None:
        """Load your weights from `folder`, once; device is cpu or cuda:0."""

    def predict(self, picture: Picture, threshold: float) -> Detections:
        """Return what is on a picture, (height, width, 3) uint8, blue first."""
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        kind = cv2.THRESH_BINARY | cv2.THRESH_OTSU
        _, bright = cv2.threshold(cv2.blur(grey, (9, 9)), 0, 255, kind)
        count, _, places, _ = cv2.connectedComponentsWithStats(bright)
        found = [place for place in places[1:count] if place[4] > 400][:100]
        left_top = np.array([place[:2] for place in found], np.float32).reshape(-1, 2)
        sizes = np.array([place[2:4] for place in found], np.float32).reshape(-1, 2)
        return Detections(
            boxes=np.concatenate([left_top, left_top + sizes], axis=1),
            scores=np.full(len(found), 0.9, np.float32),
            classes=np.zeros(len(found), np.int64),
        )
'''
_CONFIG = """plugin: {module}:{name}  # {module}.py, class {name}
threshold: 0.5
"""


def write_plugin(folder: Path) -> tuple[Path, Path]:
    """Write a plugin's code and its model.yaml into a folder, and return their paths.

    Raises:
        SettingsError: one of them is there already.
    """
    module = re.sub(r"\W+", "_", folder.resolve().name).strip("_").lower() or "mine"
    if module[0].isdigit() or keyword.iskeyword(module):
        module = f"model_{module}"
    name = "".join(part.capitalize() for part in module.split("_"))
    code, config = folder / f"{module}.py", folder / "model.yaml"
    for path in (code, config):
        if path.exists():
            raise SettingsError(f"{path} is there already", "Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    code.write_text(_CODE.format(title=name, name=name))
    config.write_text(_CONFIG.format(module=module, name=name))
    return code, config
