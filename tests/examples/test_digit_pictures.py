import json
from pathlib import Path

import numpy as np
import pytest

from examples.digit_pictures import (
    BACKGROUNDS,
    EXAMPLES,
    NAMES,
    Scene,
    compose,
    digit_pools,
    write_dataset,
    write_pictures,
)
from tests.conftest import ROOT


def test_digits_and_backgrounds_are_held_out() -> None:
    pools = {
        name: {path.tobytes() for path, _ in samples} for name, samples in digit_pools().items()
    }
    assert not pools["train"] & pools["val"]
    assert not (pools["train"] | pools["val"]) & pools["example"]
    assert {number for _, number in digit_pools()["val"]} == set(range(10))
    assert not set(BACKGROUNDS["train"].split()) & set(BACKGROUNDS["held"].split())


@pytest.mark.parametrize("surface", ["paper", "board", "coffee.png"])
def test_boxes_hold_all_the_ink_and_do_not_touch(surface: str) -> None:
    pool = digit_pools()["val"]
    with_digits, digits = compose(Scene(320, 240, 4, surface, seed=5), pool)
    without, nothing = compose(Scene(320, 240, 0, surface, seed=5), pool)
    assert (len(digits), nothing) == (4, [])

    changed = np.abs(with_digits.astype(int) - without).max(axis=2) > 20
    assert changed.any()
    covered = np.zeros(changed.shape, int)
    for _, (x1, y1, x2, y2) in digits:
        covered[int(y1) : int(y2), int(x1) : int(x2)] += 1
    assert not changed[covered == 0].any()
    assert covered.max() == 1


def test_the_example_pictures_are_what_the_script_writes(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    for name in EXAMPLES:
        written = json.loads((tmp_path / f"{name}.json").read_text())
        assert written == json.loads((ROOT / "examples" / f"{name}.json").read_text())
        assert (tmp_path / f"{name}.jpg").exists()


def test_a_data_set_is_what_ultralytics_reads(tmp_path: Path) -> None:
    from ultralytics.data.utils import check_det_dataset

    described = write_dataset(tmp_path, 3, 64, seed=0)
    checked = check_det_dataset(str(described), autodownload=False)
    assert list(checked["names"].values()) == NAMES
    labels = sorted((tmp_path / "labels" / "train").glob("*.txt"))
    assert len(labels) == len(list((tmp_path / "images" / "train").glob("*.jpg"))) == 3
    for label in labels:
        for line in label.read_text().splitlines():
            number, *box = line.split()
            assert 0 <= int(number) < 10
            assert all(0 <= float(value) <= 1 for value in box)
