import shutil
from pathlib import Path

import pytest

from handler.checks.tiles import TileTimes
from handler.checks.weights import RULES, Weights
from handler.settings import Settings
from tests.conftest import DEMO


def test_the_summary_says_what_a_large_picture_takes(tmp_path: Path) -> None:
    shutil.copytree(DEMO / "exported", tmp_path, dirs_exist_ok=True)
    with (tmp_path / "model.yaml").open("a") as config:
        config.write("tile: auto\n")
    weights = Weights.load(Settings(weights=tmp_path))
    found = [one.finding for one in RULES.findings(weights) if one.rule == "weights-summary"]
    assert "by tiles of 320x320 a picture of 4000x3000 is 193 looks of " in found[1]


@pytest.mark.parametrize(
    ("seconds", "most", "said"),
    [
        (0.01, 100_000_000, None),
        (0.05, 400_000_000, None),
        (0.3, 100_000_000, "A picture of 10000x10000, .* takes about 188 s by tiles"),
    ],
)
def test_pictures_that_cvat_does_not_wait_for_are_named(
    seconds: float, most: int, said: str | None
) -> None:
    times = TileTimes((640, 640), 0.2, True, seconds, most)
    weights = Weights(tiles=times)
    found = [one for one in RULES.findings(weights) if one.rule == "weights-tiles"]
    assert len(found) == (said is not None)
    if said is not None:
        assert found[0].severity == "warning"
        assert "in time are those up to about" in found[0].finding
