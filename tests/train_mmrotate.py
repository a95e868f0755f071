# ruff: noqa: T201  (a script: it reports by printing)
"""Make the oriented detector that the tests of MMRotate use: tests/models/mmrotate.

    python -m tests.train_mmrotate          # in an environment with MMRotate 1.x: docs/images.md

Pencils and stamps lie on photographs, turned every way. A run takes two minutes of a core with
nothing else to do; best.pth took three, each begun with the tensors of the one before: --start.
Both generations take them, because they name their layers alike. The photographs are those in the
wheel of scikit-image, nothing is downloaded.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from examples.digit_pictures import Image, photo

HERE = Path(__file__).parent / "models" / "mmrotate"
CLASSES = ("pencil", "stamp")
PHOTOGRAPHS = ("brick.png", "coffee.png", "grass.png", "gravel.png", "page.png", "rocket.jpg")
SIDE = 256


@dataclass(frozen=True)
class Thing:
    """An object on a picture: cx cy w h in pixels and degrees clockwise, w along its length."""

    name: str
    centre: tuple[float, float]
    size: tuple[float, float]
    angle: float

    def point(self, along: float, across: float) -> tuple[float, float]:
        """Return the pixel at so many halves of the length and of the width from the centre."""
        cosine, sine = np.cos(np.radians(self.angle)), np.sin(np.radians(self.angle))
        x, y = along * self.size[0] / 2, across * self.size[1] / 2
        return self.centre[0] + x * cosine - y * sine, self.centre[1] + x * sine + y * cosine

    def corners(self) -> NDArray[np.float64]:
        return np.array([self.point(*at) for at in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def fill(picture: Image, thing: Thing, outline: list[tuple[float, float]], colour: Any) -> None:
    """Fill a polygon given in halves of the object's length and width."""
    points = np.array([thing.point(*at) for at in outline]) * 16
    cv2.fillPoly(picture, [points.round().astype(np.int32)], colour, cv2.LINE_AA, shift=4)


def draw_pencil(picture: Image, thing: Thing, colour: Any) -> None:
    fill(picture, thing, [(-1, -1), (0.7, -1), (0.7, 1), (-1, 1)], colour)
    fill(picture, thing, [(-1, -1), (-0.8, -1), (-0.8, 1), (-1, 1)], (200, 120, 130))
    fill(picture, thing, [(0.7, -1), (1, 0), (0.7, 1)], (225, 190, 140))
    fill(picture, thing, [(0.9, -0.33), (1, 0), (0.9, 0.33)], (30, 30, 30))


def draw_stamp(picture: Image, thing: Thing, colour: Any) -> None:
    fill(picture, thing, [(-1, -1), (1, -1), (1, 1), (-1, 1)], (245, 240, 225))
    fill(picture, thing, [(-0.8, -0.7), (0.8, -0.7), (0.8, 0.7), (-0.8, 0.7)], colour)
    fill(picture, thing, [(0.2, -0.5), (0.6, -0.5), (0.6, 0.5), (0.2, 0.5)], (245, 240, 225))


DRAWN = {"pencil": draw_pencil, "stamp": draw_stamp}


def compose(name: str, width: int, height: int, seed: int) -> tuple[Image, list[Thing]]:
    """Return a photograph with three to seven objects on it that do not touch."""
    rng = np.random.default_rng(seed)
    picture, taken = photo(name, width, height, rng).copy(), np.zeros((height, width), bool)
    things: list[Thing] = []
    wanted = rng.integers(3, 8)
    for _ in range(200):
        kind = CLASSES[rng.integers(2)]
        length = rng.uniform(0.2, 0.4) * SIDE * (1 if kind == "pencil" else 0.7)
        size = length, length / (rng.uniform(4, 5) if kind == "pencil" else rng.uniform(1.3, 1.6))
        centre = rng.uniform(20, width - 20), rng.uniform(20, height - 20)
        thing = Thing(kind, centre, size, rng.uniform(0, 360))
        corners = thing.corners()
        if corners.min() < 2 or (corners > (width - 2, height - 2)).any():
            continue
        place = cv2.fillPoly(np.zeros((height, width), np.uint8), [corners.astype(np.int32)], 1)
        if taken[cv2.dilate(place, np.ones((9, 9))) > 0].any():
            continue
        taken[place > 0] = True
        DRAWN[kind](picture, thing, rng.integers(30, 220, 3).tolist())
        things.append(thing)
        if len(things) == wanted:
            break
    noisy = picture + rng.normal(0, rng.uniform(0, 6), picture.shape)
    return noisy.clip(0, 255).astype(np.uint8), things


def write_dataset(root: Path, count: int) -> None:
    """Pictures and corners as DOTA's files have them: eight numbers, the class, a difficulty."""
    (root / "images").mkdir(parents=True)
    (root / "annfiles").mkdir()
    for index in range(count):
        picture, things = compose(PHOTOGRAPHS[index % len(PHOTOGRAPHS)], SIDE, SIDE, index)
        cv2.imwrite(str(root / "images" / f"{index:04}.png"), picture[..., ::-1])
        lines = [f"{_numbers(thing)} {thing.name} 0" for thing in things]
        (root / "annfiles" / f"{index:04}.txt").write_text("\n".join(lines))


def _numbers(thing: Thing) -> str:
    return " ".join(f"{value:.1f}" for value in thing.corners().ravel())


def _register_upright_overlaps() -> None:
    """Assign objects to anchors by the boxes around both, which is quick without a GPU."""
    from mmdet.structures.bbox import bbox_overlaps
    from mmrotate.registry import TASK_UTILS

    def overlaps(first: Any, second: Any) -> Any:
        upright = (boxes.convert_to("hbox").tensor for boxes in (first, second))
        return bbox_overlaps(*upright)

    TASK_UTILS.register_module(name="UprightOverlaps", module=lambda: overlaps)


def train(work: Path, count: int, start: Path | None) -> dict[str, Any]:
    """Train by MMEngine's runner and return its last checkpoint."""
    from mmengine.config import Config
    from mmengine.runner import Runner
    from mmrotate.utils import register_all_modules

    register_all_modules()
    _register_upright_overlaps()
    write_dataset(work / "desk", count)
    config = Config.fromfile(HERE / "1.x" / "config.py")
    config.train_dataloader.dataset.data_root = str(work / "desk")
    config.work_dir = str(work / "run")
    config.load_from = start and str(start)
    config.randomness = {"seed": 0}
    config.test_dataloader = None  # there is no test set
    config.model.train_cfg.assigner.iou_calculator = {"type": "UprightOverlaps"}
    Runner.from_cfg(config).train()
    saved: dict[str, Any] = torch.load(next((work / "run").glob("*.pth")), weights_only=False)
    return saved


def halves(tensors: dict[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, tensor in tensors.items():
        yield name, tensor.half() if tensor.is_floating_point() else tensor


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the tests' oriented detector.")
    parser.add_argument("--pictures", type=int, default=240, help="how many to train on")
    parser.add_argument("--start", type=Path, help="tensors to begin with, of an earlier run")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # of so small layers threads wait longer than they work
    picture, things = compose("coffee.png", 320, 240, seed=10_008)
    cv2.imwrite(str(HERE / "desk.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    shapes = [{"label": each.name, "points": each.corners().round(1).tolist()} for each in things]
    (HERE / "desk.json").write_text(json.dumps(shapes, indent=1) + "\n")
    with tempfile.TemporaryDirectory() as work:
        saved = train(Path(work), arguments.pictures, arguments.start)
    # Of what training left in the file, these name folders of the machine, and its repository.
    for table in (saved["meta"], saved["message_hub"]["runtime_info"]):
        table.update(cfg="", mmengine_version="0.10.12", last_ckpt="")
    saved["state_dict"] = dict(halves(saved["state_dict"]))
    torch.save(saved, HERE / "1.x" / "best.pth")
    print(f"{HERE / '1.x' / 'best.pth'}: {len(things)} objects on desk.jpg")


if __name__ == "__main__":
    main()
