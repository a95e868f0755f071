from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handler.errors import SettingsError
from handler.models.export.ground_truth import has_labels, objects_on

PICTURE = np.zeros((100, 200, 3), np.uint8)


@dataclass(frozen=True)
class Trained:
    """What of a model says how its labels are read."""

    task: str
    classes: tuple[str, ...] = ("cat", "dog")
    keypoints: tuple[str, ...] = ("nose", "tail")


def read(folder: Path, task: str, labels: str) -> Any:
    (folder / "one.txt").write_text(labels)
    model: Any = Trained(task)
    return objects_on(folder / "one.jpg", PICTURE, model)


def test_boxes_are_centre_and_size_in_parts_of_the_picture(tmp_path: Path) -> None:
    found = read(tmp_path, "detect", "1 0.5 0.5 0.2 0.4\n\n0 0.1 0.1 0.1 0.1\n")
    np.testing.assert_allclose(found.boxes, [[80, 30, 120, 70], [10, 5, 30, 15]], atol=1e-4)
    assert found.classes.tolist() == [1, 0]


def test_a_detector_takes_polygons_as_the_boxes_around_them(tmp_path: Path) -> None:
    found = read(tmp_path, "detect", "1 0.4 0.3 0.6 0.5 0.5 0.7")
    np.testing.assert_allclose(found.boxes, [[80, 30, 120, 70]], atol=1e-4)


def test_oriented_boxes_are_four_corners(tmp_path: Path) -> None:
    found = read(tmp_path, "obb", "0 0.5 0.3 0.6 0.5 0.5 0.7 0.4 0.5")  # a square on its corner
    x1, y1, x2, y2 = found.boxes[0]
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((100, 50), abs=0.01)
    assert (x2 - x1, y2 - y1) == pytest.approx((800**0.5, 800**0.5), abs=0.01)
    assert found.angles[0] % 90 == pytest.approx(45)


def test_masks_are_filled_polygons(tmp_path: Path) -> None:
    found = read(tmp_path, "segment", "0 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5")
    mask = found.masks[0]
    assert (mask.left, mask.top, mask.pixels.shape) == (20, 10, (41, 41))
    assert mask.pixels.all()


@pytest.mark.parametrize("points", ["0.1 0.2 0.3 0.4", "0.1 0.2 2 0.3 0.4 0"])
def test_keypoints_come_with_or_without_visibility(tmp_path: Path, points: str) -> None:
    found = read(tmp_path, "pose", f"1 0.5 0.5 0.2 0.4 {points}")
    np.testing.assert_allclose(found.keypoints[0, :, :2], [[20, 20], [60, 40]], atol=1e-4)
    assert found.keypoints[0, 0, 2] > 0
    assert (found.keypoints[0, 1, 2] > 0) == (len(points) < 16)


@pytest.mark.parametrize("task", ["detect", "obb", "segment", "pose"])
def test_an_empty_file_says_that_nothing_is_there(tmp_path: Path, task: str) -> None:
    assert len(read(tmp_path, task, "")) == 0


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("detect", "2 0.5 0.5 0.2 0.4"),
        ("detect", "cat 0.5 0.5 0.2 0.4"),
        ("obb", "0 0.5 0.5 0.2 0.4"),
        ("pose", "0 0.5 0.5 0.2 0.4"),
        ("segment", "0 0.5 0.5 0.2"),
    ],
)
def test_labels_of_another_task_or_class_are_refused(
    tmp_path: Path, task: str, labels: str
) -> None:
    with pytest.raises(SettingsError, match=f"one.txt does not label pictures for {task}: .+"):
        read(tmp_path, task, labels)


@pytest.mark.parametrize(
    ("picture", "labels"),
    [
        ("one.jpg", "one.txt"),
        ("one.jpg", "labels/one.txt"),
        ("data/images/val/one.jpg", "data/labels/val/one.txt"),
    ],
)
def test_labels_lie_beside_pictures_or_in_a_folder_labels(
    tmp_path: Path, picture: str, labels: str
) -> None:
    model: Any = Trained("detect")
    assert not has_labels([tmp_path / picture], model)
    (tmp_path / labels).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / labels).write_text("1 0.5 0.5 0.2 0.4")
    assert has_labels([tmp_path / "two.jpg", tmp_path / picture], model)
    assert objects_on(tmp_path / picture, PICTURE, model).classes.tolist() == [1]
    assert len(objects_on(tmp_path / "two.jpg", PICTURE, model)) == 0


def test_a_classifier_s_pictures_lie_in_folders_of_their_class() -> None:
    model: Any = Trained("classify")
    assert has_labels([Path("val/dog/one.jpg"), Path("val/cat/two.jpg")], model)
    assert not has_labels([Path("val/dog/one.jpg"), Path("two.jpg")], model)
    assert objects_on(Path("val/dog/one.jpg"), PICTURE, model).classes.tolist() == [1]
