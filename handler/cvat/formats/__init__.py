"""Files that CVAT's "Upload annotations" takes, of many pictures at once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from handler.cvat.formats.coco import KEYPOINTS_FILE, to_coco
from handler.cvat.formats.image import AnnotatedImage
from handler.cvat.formats.xml import to_xml
from handler.detection.labels import Label

# A format's name, the file that it is, and what writes it.
FORMATS: Mapping[str, tuple[str, Callable[[Sequence[AnnotatedImage], Sequence[Label]], bytes]]] = {
    "cvat": ("annotations.xml", to_xml),
    "coco": ("instances_default.json", to_coco),
}


def write(
    name: str, folder: Path, images: Sequence[AnnotatedImage], labels: Sequence[Label]
) -> Path:
    """Write the annotations of `images` in the format `name`, and return the file."""
    file, made = FORMATS[name]
    if name == "coco" and any(label.keypoints for label in labels):
        file = KEYPOINTS_FILE
    path = folder / file
    path.write_bytes(made(images, labels))
    return path
