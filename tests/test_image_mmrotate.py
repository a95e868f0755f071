"""The images for MMRotate, of both generations: beside what their library itself answers."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from handler.detection.corners import corners
from handler.models.mmrotate.model import MOST_BOXES
from tests.conftest import body_of
from tests.containers import DISTRIBUTIONS, LOCKED_DOWN, Container, docker, inspect, running
from tests.mmrotate_folders import PICTURE, TRUTH, make_folder

pytestmark = pytest.mark.docker

# What a user of the library would write: the boxes that score 0.25 or more.
OWN = {
    "0": """
import json, cv2, mmrotate
from mmdet.apis import inference_detector, init_detector
model = init_detector("/weights/config.py", "/weights/best.pth", device="cpu")
found = inference_detector(model, cv2.imread("/weights/desk.jpg"))
rows = [[c, *map(float, row)] for c, rows in enumerate(found) for row in rows if row[5] >= 0.25]
print(json.dumps(rows))
""",
    "1": """
import functools, json, cv2, torch
torch.load = functools.partial(torch.load, weights_only=False)
from mmdet.apis import inference_detector, init_detector
from mmrotate.utils import register_all_modules
register_all_modules()
model = init_detector("/weights/config.py", "/weights/best.pth", palette="random", device="cpu")
found = inference_detector(model, cv2.imread("/weights/desk.jpg")).pred_instances
rows = zip(found.labels.tolist(), found.bboxes.tolist(), found.scores.tolist())
print(json.dumps([[c, *box, score] for c, box, score in rows if score >= 0.25]))
""",
}
# Noise at threshold 0, where nearly every box is a candidate; counts what NMS is given.
MANY = """
import importlib, json
from pathlib import Path
import numpy as np
from handler.service import Service
from handler.settings import Settings
counts = []
nms = importlib.import_module("mmcv.ops.nms")
own = nms.ext_module
class Counting:
    def nms_rotated(self, boxes, *rest):
        counts.append(len(boxes))
        return own.nms_rotated(boxes, *rest)
service = Service.load(Settings(weights=Path("/weights"), image_size=1024))
nms.ext_module = Counting()
noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
found = service.model.predict(noise, 0.0)
print(json.dumps([len(found), counts]))
"""

# A page with the desk at both ends, as the library cuts and merges it, and by our tiles.
PAGE = """
import json
from pathlib import Path
import cv2, numpy as np
from handler.service import Service
from handler.settings import Settings
desk = cv2.imread("/weights/desk.jpg")
page = np.full((320, 832, 3), 200, np.uint8)
page[40:280, :320] = page[40:280, 512:] = desk
tile = {"size": [320, 320], "overlap": 0.2, "whole": False, "above": 320}
tile |= {"merge": "nms", "metric": "iou", "threshold": 0.1}
service = Service.load(Settings(weights=Path("/weights"), tile=tile))
found = service.model.predict(page, 0.25)
ours = [
    [int(c), (a + x) / 2, (b + y) / 2, x - a, y - b, float(np.radians(t)), float(s)]
    for c, (a, b, x, y), t, s in zip(
        found.classes, found.boxes.tolist(), found.angles, found.scores
    )
]
"""
PATCHES = {
    "0": """
from mmdet.apis import init_detector
from mmrotate.apis import inference_detector_by_patches
model = init_detector("/weights/config.py", "/weights/best.pth", device="cpu")
found = inference_detector_by_patches(model, page, [320], [256], [1.0], 0.1)
theirs = [[c, *map(float, row)] for c, rows in enumerate(found) for row in rows if row[5] >= 0.25]
print(json.dumps([ours, theirs]))
""",
    "1": """
import functools, torch
torch.load = functools.partial(torch.load, weights_only=False)
from mmcv.transforms import Compose
from mmdet.apis import init_detector
from mmrotate.apis import inference_detector_by_patches
model = init_detector("/weights/config.py", "/weights/best.pth", palette="random", device="cpu")
steps = [
    dict(type="mmrotate.LoadPatchFromNDArray"),
    dict(type="mmdet.Resize", scale=(256, 256), keep_ratio=True),
    dict(
        type="mmdet.PackDetInputs",
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]
nms = dict(type="nms_rotated", iou_threshold=0.1)
found = inference_detector_by_patches(
    model, page, [320], [256], [1.0], nms, Compose(steps)
).pred_instances
rows = zip(found.labels.tolist(), found.bboxes.tolist(), found.scores.tolist())
theirs = [[c, *box, score] for c, box, score in rows if score >= 0.25]
print(json.dumps([ours, theirs]))
""",
}


@pytest.fixture(scope="module", params=["1", "0"], ids=["1.x", "0.x"])
def generation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def image(build: Callable[..., str], generation: str) -> str:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MMROTATE", generation)
        return build("mmrotate", name=f"mmrotate-{generation}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, generation: str) -> Path:
    made = make_folder(tmp_path_factory.mktemp("weights"), generation)
    shutil.copy(PICTURE, made)
    made.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def container(image: str, folder: Path) -> Iterator[Container]:
    """The image as Nuclio starts it, with the weights and nothing else allowed."""
    with running(image, options=(f"--volume={folder}:/weights:ro",)) as started:
        started.wait_until_healthy()
        yield started


def run(image: str, folder: Path, *command: str, stdin: str = "") -> str:
    volume = f"--volume={folder}:/weights:ro"
    arguments = ("run", "--rm", "--interactive", *LOCKED_DOWN, volume, image, *command)
    return docker(*arguments, stdin=stdin.encode())[1]


def last_line(output: str) -> Any:
    return json.loads(output.splitlines()[-1])


def polygon(shape: dict[str, Any]) -> NDArray[np.float32]:
    """Return the corners of CVAT's rectangle: `points` turned by `rotation`."""
    return corners(shape["points"], shape.get("rotation", 0))


def distance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return how far the corners are apart at most, whichever each box counts as its first."""
    between = np.linalg.norm(first[:, None] - second[None], axis=2)
    return float(between.min(axis=1).max())


def test_check_says_what_the_weights_are(image: str, folder: Path, generation: str) -> None:
    output = run(image, folder, "auto-annotate", "check", "--weights", "/weights", "--json")
    findings = json.loads(output[output.index("[") :])
    said = " ".join(each["finding"] for each in findings if each["rule"] == "weights-summary")
    assert "(family mmrotate, task obb)" in said
    assert "2 labels: pencil (rectangle), stamp (rectangle)" in said
    assert f"MMRotate {generation}.x" in said
    assert not [each for each in findings if each["severity"] == "error"]


def test_it_answers_as_the_library_does(
    container: Container, image: str, folder: Path, generation: str
) -> None:
    shapes = container.post(body_of(PICTURE.read_bytes(), threshold=0.25))
    expected = last_line(run(image, folder, "python", "-", stdin=OWN[generation]))
    assert len(shapes) == len(expected) > 5
    expected.sort(key=lambda row: -row[6])
    for shape, (index, x, y, width, height, angle, score) in zip(shapes, expected, strict=True):
        assert shape["label"] == ("pencil", "stamp")[int(index)]
        assert shape["confidence"] == pytest.approx(score, abs=0.001)
        turned = abs(shape.get("rotation", 0) - np.degrees(angle)) % 360
        assert min(turned, 360 - turned) < 0.1
        own = cv2.boxPoints(((x, y), (width, height), np.degrees(angle)))
        assert distance(polygon(shape), own) < 0.5


@pytest.mark.parametrize("convention", ["le90", "le135", "oc"])
def test_in_each_convention_the_boxes_lie_on_the_objects(
    image: str, folder: Path, tmp_path: Path, convention: str
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "config.py"
    config.write_text(config.read_text().replace('"le90"', f'"{convention}"'))
    (tmp_path / "model.yaml").write_text("label_types: {stamp: polygon}\nthreshold: 0.9\n")
    tmp_path.chmod(0o755)
    script = "auto-annotate annotate /weights/desk.jpg; cat annotated/desk.json"
    output = run(image, tmp_path, "sh", "-euc", script)
    shapes = json.loads(output[output.index("\n[") :])
    truth = json.loads(TRUTH.read_text())
    assert len(shapes) == 5  # the surest of seven; thin pencils are found less exactly
    for shape in shapes:
        found = (
            np.reshape(shape["points"], (4, 2)) if shape["type"] == "polygon" else polygon(shape)
        )
        assert shape["type"] == {"pencil": "rectangle", "stamp": "polygon"}[shape["label"]]
        same = [each for each in truth if each["label"] == shape["label"]]
        areas = [overlap(found, np.array(each["points"])) for each in same]
        assert max(areas) > 0.5


def overlap(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the intersection over union of two convex polygons, (4, 2)."""
    both, _ = cv2.intersectConvexConvex(first.astype(np.float32), second.astype(np.float32))
    areas = [cv2.contourArea(each.astype(np.float32)) for each in (first, second)]
    return both / (sum(areas) - both)


def test_by_tiles_it_finds_what_the_library_finds_by_patches(
    image: str, folder: Path, generation: str
) -> None:
    output = run(image, folder, "python", "-", stdin=PAGE + PATCHES[generation])
    ours, theirs = (sorted(map(tuple, filter(_is_whole, rows))) for rows in last_line(output))
    assert len(ours) == len(theirs) >= 3
    for (index, *box, score), (expected_index, *expected, expected_score) in zip(
        ours, theirs, strict=True
    ):
        assert index == expected_index
        assert score == pytest.approx(expected_score, abs=0.001)
        first, second = (
            cv2.boxPoints(((x, y), (width, height), np.degrees(angle)))
            for x, y, width, height, angle in (box, expected)
        )
        assert distance(first, second) < 0.5


def _is_whole(row: Sequence[float]) -> bool:
    """Tell whether no tile cuts an object: what is cut, the library keeps where it scores more."""
    _, x, y, width, height, angle, _ = row
    points = cv2.boxPoints(((x, y), (width, height), np.degrees(angle)))
    left, right = points[:, 0].min(), points[:, 0].max()
    return not any(left - 4 < edge < right + 4 for edge in (256, 320, 512, 576))


def test_no_picture_takes_minutes(image: str, folder: Path) -> None:
    found, counts = last_line(run(image, folder, "python", "-", stdin=MANY))
    assert found > 0
    assert counts == [MOST_BOXES]


def test_it_brings_what_mmrotate_needs_and_no_more(container: Container, image: str) -> None:
    found = container.execute("python", "-c", DISTRIBUTIONS).split()
    assert "ultralytics" not in found
    assert [name for name in found if "opencv" in name] == ["opencv-python-headless"]
    assert not {"pip", "ninja"} & set(found)
    assert container.execute("sh", "-c", "command -v gcc g++ cc || echo none").split() == ["none"]
    config = inspect(image)["Config"]
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["start"]
    assert "healthcheck.py" in config["Healthcheck"]["Test"][-1]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert container.stop() == 0


def test_a_config_of_the_other_generation_names_its_image(
    image: str, generation: str, tmp_path: Path
) -> None:
    other = "0" if generation == "1" else "1"
    make_folder(tmp_path, other).chmod(0o755)
    volume = f"--volume={tmp_path}:/weights:ro"
    status, log = docker("run", "--rm", *LOCKED_DOWN, volume, image, check=False)
    assert status == 1
    assert f"of MMRotate {other}.x, which is not the" in log.splitlines()[-1]
