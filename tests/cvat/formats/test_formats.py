"""The files, read back as CVAT reads them, and compared with the shapes that were written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from handler.cli import main
from handler.commands.annotate import FORMATS as NAMES
from handler.cvat.formats import FORMATS, write
from handler.cvat.formats.image import AnnotatedImage
from handler.detection.labels import Label
from handler.errors import SettingsError
from tests.conftest import DEMO, EXAMPLES

_COMMON = {"confidence": 0.9, "attributes": [{"name": "score", "value": "0.90"}]}
SHAPES: list[dict[str, Any]] = [
    {"label": "car", "type": "rectangle", "points": [10.5, 20.0, 110.25, 80.0], **_COMMON},
    {"label": "car", "type": "rectangle", "points": [20.0, 40.0, 60.0, 60.0], "rotation": 90.0,
     **_COMMON},
    {"label": "road", "type": "polygon", "points": [0.0, 0.0, 50.0, 0.0, 0.0, 50.0], **_COMMON,
     "group_id": 1},
    {"label": "sky", "type": "mask", "points": [], "mask": [1, 0, 1, 1, 1, 0, 4, 5, 6, 6],
     **_COMMON},
    {"label": "man", "type": "skeleton", **_COMMON, "elements": [
        {"label": "head", "type": "points", "points": [5.0, 6.0], "outside": False},
        {"label": "foot", "type": "points", "points": [9.0, 90.0], "outside": True},
    ]},
]  # fmt: skip
LABELS = [
    Label("car", attributes=("score",)),
    Label("road", "polygon", attributes=("score",)),
    Label("sky", "mask", attributes=("score",)),
    Label("man", "skeleton", ("head", "foot"), ((0, 1),), ("score",)),
]
IMAGES = [AnnotatedImage("day/a & b.jpg", 200, 100, SHAPES), AnnotatedImage("c.png", 64, 48, [])]


def test_the_command_offers_what_there_is() -> None:
    assert tuple(FORMATS) == NAMES


def test_xml_has_every_shape(tmp_path: Path) -> None:
    root = ElementTree.parse(write("cvat", tmp_path, IMAGES, LABELS)).getroot()  # noqa: S314
    assert [each.findtext("name") for each in root.iter("label")] == [
        "car", "road", "sky", "man", "head", "foot"
    ]  # fmt: skip
    first, second = root.findall("image")
    assert first.attrib == {"id": "0", "name": "day/a & b.jpg", "width": "200", "height": "100"}
    assert not list(second)
    box, turned, polygon, mask, skeleton = first
    assert [box.get(key) for key in ("xtl", "ytl", "xbr", "ybr")] == [
        "10.5",
        "20.0",
        "110.25",
        "80.0",
    ]
    assert (box.get("rotation"), turned.get("rotation")) == (None, "90.0")
    assert box.findtext("attribute") == "0.90"
    assert polygon.get("points") == "0.0,0.0;50.0,0.0;0.0,50.0"
    assert polygon.get("group_id") == "1"
    assert mask.get("rle") == "0, 1, 1, 3, 1"
    assert [mask.get(key) for key in ("left", "top", "width", "height")] == ["4", "5", "3", "2"]
    points = [(e.get("label"), e.get("points"), e.get("outside")) for e in skeleton.iter("points")]
    assert points == [("head", "5.0,6.0", "0"), ("foot", "9.0,90.0", "1")]


def test_coco_has_every_shape(tmp_path: Path) -> None:
    said = json.loads(write("coco", tmp_path, IMAGES, LABELS).read_text())
    box, turned, polygon, mask, skeleton = said["annotations"]
    assert box["bbox"] == [10.5, 20, 99.75, 60]
    assert turned["bbox"] == [30, 30, 20, 40]
    assert polygon["area"] == 1250
    rows, columns = mask["segmentation"]["size"]
    runs = mask["segmentation"]["counts"]
    whole = np.repeat(np.arange(len(runs)) % 2, runs).reshape(columns, rows).T
    assert whole[5:7, 4:7].tolist() == [[1, 0, 1], [1, 1, 0]]
    assert whole.sum() == mask["area"] == 4
    assert skeleton["keypoints"] == [5, 6, 2, 0, 0, 0]
    assert skeleton["num_keypoints"] == 1
    assert said["categories"][3]["keypoints"] == ["head", "foot"]
    assert said["categories"][3]["skeleton"] == [[1, 2]]
    assert [image["file_name"] for image in said["images"]] == ["day/a & b.jpg", "c.png"]


def test_what_coco_does_not_have_is_refused(tmp_path: Path) -> None:
    tagged = AnnotatedImage("a.jpg", 9, 9, [{"label": "car", "type": "tag", **_COMMON}])
    with pytest.raises(SettingsError, match="COCO has no tag"):
        write("coco", tmp_path, [tagged], LABELS)
    assert "<tag label=" in write("cvat", tmp_path, [tagged], LABELS).read_text()


@pytest.fixture
def annotated(tmp_path: Path) -> Callable[..., Any]:
    def run(*arguments: str | Path) -> Any:
        command = ["annotate", *map(str, arguments), "--out", str(tmp_path / "out")]
        return CliRunner().invoke(main, [*command, "--weights", str(DEMO / "exported")])

    return run


def test_the_command_writes_all_pictures_also_those_done_before(
    annotated: Callable[..., Any], tmp_path: Path
) -> None:
    photos = tmp_path / "photos" / "day"
    photos.mkdir(parents=True)
    shutil.copy(EXAMPLES[0], photos)
    shutil.copy(EXAMPLES[1], photos.parent)
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(EXAMPLES[0]) as image:
        height = image.height
        image.save(photos / "turned.jpg", exif=exif)
    assert annotated(photos.parent, "--pictures", "none").exit_code == 0
    asked = ("--pictures", "none", "--resume", "--format", "cvat", "--format", "coco")
    result = annotated(photos.parent, *asked)
    assert result.exit_code == 0, result.output
    root = ElementTree.parse(tmp_path / "out" / "annotations.xml").getroot()  # noqa: S314
    images = {image.get("name"): image for image in root.iter("image")}
    assert set(images) == {f"day/{EXAMPLES[0].name}", EXAMPLES[1].name, "day/turned.jpg"}
    assert len(list(images[EXAMPLES[1].name])) > 1
    assert images["day/turned.jpg"].get("width") == str(height)
    coco = json.loads((tmp_path / "out" / "instances_default.json").read_text())
    assert len(coco["annotations"]) == len(list(root.iter("box")))


def test_videos_are_refused(annotated: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"")
    result = annotated(tmp_path / "film.mp4", "--format", "cvat")
    assert result.exit_code == 2
    assert "name no videos" in result.stderr
