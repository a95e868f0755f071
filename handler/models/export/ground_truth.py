"""What is on pictures, as YOLO's label files say: a line for each object, in parts of the picture.

The formats are those of ultralytics' data sets (https://docs.ultralytics.com/datasets).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.detection.detections import Detections, Mask
from handler.errors import SettingsError
from handler.models.families import Model
from handler.pictures.decoding import Picture


def has_labels(pictures: Sequence[Path], model: Model, folder: Path | None = None) -> bool:
    """Tell whether any of the pictures is labelled; those that are not then show nothing.

    folder: where their label files are, if it is not one of the usual places.
    """
    if model.task == "classify":
        return all(picture.parent.name in model.classes for picture in pictures)
    return any(_label_file(picture, folder) is not None for picture in pictures)


def objects_on(
    path: Path, picture: Picture, model: Model, folder: Path | None = None
) -> Detections:
    """Return what is labelled on a picture, in its pixels.

    A classifier's picture lies in a folder of its class's name. folder: as for `has_labels`.

    Raises:
        SettingsError: a line is not of the model's task, or its class is none of the model's.
    """
    if model.task == "classify":
        classes = np.array([model.classes.index(path.parent.name)])
        return Detections(np.zeros((1, 4), np.float32), np.ones(1, np.float32), classes)
    file = _label_file(path, folder)
    lines = [] if file is None else [line.split() for line in file.read_text().splitlines()]
    lines = [line for line in lines if line]
    try:
        classes = np.array([int(line[0]) for line in lines], np.int64)
        if not set(classes.tolist()) <= set(range(len(model.classes))):
            raise ValueError(f"a class is none of the model's {len(model.classes)}")
        rows = [np.array(line[1:], np.float32) for line in lines]
        size = np.array(picture.shape[1::-1], np.float32)
        return _READ[model.task](rows, classes, size, model)
    except (ValueError, IndexError) as error:
        raise SettingsError(
            f"{file} does not label pictures for {model.task}: {error}",
            "Label them in YOLO's format for this task, or move the labels away.",
        ) from error


def _label_file(picture: Path, folder: Path | None) -> Path | None:
    """Return the first of: beside the picture, in `labels` beside it, in `labels` for `images`."""
    name = f"{picture.stem}.txt"
    if folder is not None:
        return folder / name if (folder / name).is_file() else None
    folders = [picture.parent, picture.parent / "labels"]
    parts = picture.absolute().parent.parts
    if "images" in parts:
        last = len(parts) - 1 - parts[::-1].index("images")
        folders.append(Path(*parts[:last], "labels", *parts[last + 1 :]))
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


Row = NDArray[np.float32]
Size = NDArray[np.float32]


def _boxes(rows: list[Row], classes: NDArray[np.int64], size: Size, _: Model) -> Detections:
    """Read centre, width and height of each object, or a polygon around it."""
    boxes = [_box(row) if len(row) == 4 else _around(row.reshape(-1, 2)) for row in rows]
    return _found(np.array(boxes, np.float32).reshape(-1, 2, 2) * size, classes)


def _oriented(rows: list[Row], classes: NDArray[np.int64], size: Size, _: Model) -> Detections:
    """Read the four corners of each object."""
    turned = [cv2.minAreaRect(row.reshape(4, 2) * size) for row in rows]
    centres = np.array([rectangle[0] for rectangle in turned], np.float32).reshape(-1, 2)
    half = np.array([rectangle[1] for rectangle in turned], np.float32).reshape(-1, 2) / 2
    angles = np.array([rectangle[2] for rectangle in turned], np.float32)
    return _found(np.stack([centres - half, centres + half], axis=1), classes, angles=angles)


def _masks(rows: list[Row], classes: NDArray[np.int64], size: Size, _: Model) -> Detections:
    """Read the polygon of each object."""
    outlines = [row.reshape(-1, 2) * size for row in rows]
    boxes = np.array([_around(outline) for outline in outlines], np.float32).reshape(-1, 2, 2)
    return _found(boxes, classes, masks=[_filled(outline, size) for outline in outlines])


def _keypoints(rows: list[Row], classes: NDArray[np.int64], size: Size, model: Model) -> Detections:
    """Read each object's box, and x, y and perhaps the visibility of its keypoints."""
    count = len(model.keypoints)
    boxes = np.array([_box(row[:4]) for row in rows], np.float32).reshape(-1, 2, 2) * size
    points = np.ones((len(rows), count, 3), np.float32)
    for number, row in enumerate(rows):
        numbers = row[4:].reshape(count, 3 if len(row) == 4 + 3 * count else 2)
        points[number, :, : numbers.shape[1]] = numbers
    points[..., :2] *= size
    return _found(boxes, classes, keypoints=points)


def _box(row: Row) -> NDArray[np.float32]:
    centre, half = row[:2], row[2:] / 2
    return np.stack([centre - half, centre + half])


def _around(outline: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([outline.min(axis=0), outline.max(axis=0)])


def _filled(outline: NDArray[np.float32], size: Size) -> Mask:
    width, height = size.astype(int).tolist()
    whole = np.zeros((height, width), np.uint8)
    cv2.fillPoly(whole, [outline.round().astype(np.int32)], (1,))
    return Mask.of(whole)


def _found(
    boxes: NDArray[np.float32],
    classes: NDArray[np.int64],
    *,
    angles: NDArray[np.float32] | None = None,
    masks: list[Mask] | None = None,
    keypoints: NDArray[np.float32] | None = None,
) -> Detections:
    scores = np.ones(len(classes), np.float32)
    return Detections(boxes.reshape(-1, 4), scores, classes, angles, masks, keypoints)


_READ: dict[str, Callable[[list[Row], NDArray[np.int64], Size, Model], Detections]] = {
    "detect": _boxes,
    "obb": _oriented,
    "segment": _masks,
    "pose": _keypoints,
}
