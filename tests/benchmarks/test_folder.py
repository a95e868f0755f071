from pathlib import Path

import pytest

from benchmarks.folder import FASTER, ONE_BY_ONE, OURS, THEIRS, Case, Taken, fill, row, taken


def test_a_row_names_both_goals_and_whether_they_are_met() -> None:
    case = Case("detect", 64, 48, 3, Path("theirs"), Path("ours"))
    found = {
        THEIRS: [Taken(9.0, 900.0), Taken(8.0, 900.0)],
        OURS: [Taken(4.0, 300.0), Taken(4.0, 300.0)],
        ONE_BY_ONE: [Taken(6.0, 150.0), Taken(6.0, 150.0)],
    }
    cells = row(case, found)
    assert cells[0] == "detect, 3 JPEGs of 64x48"
    assert cells[3] == f"2.12 (goal {FASTER:g}, met)"
    assert cells[-1] == "2.00 (goal at most 1.5, not met)"


def test_what_a_process_took_is_its_own(tmp_path: Path) -> None:
    ours = bytearray(400_000_000)  # of the one that starts it, which plays no part
    code = "import sys, time; kept = bytearray(100_000_000); time.sleep(0.2); print(sys.argv[1])"
    took = taken(code, ["x"], tmp_path)
    assert len(ours) > 1e6 * took.peak > 100e6
    assert took.seconds > 0
    with pytest.raises(RuntimeError, match="wrong"):
        taken("raise SystemExit('wrong')", [], tmp_path)


def test_the_folder_has_pictures_of_the_size(tmp_path: Path) -> None:
    from PIL import Image

    fill(tmp_path / "in", Case("detect", 64, 48, 5, Path(), Path()))
    sizes = set()
    for path in (tmp_path / "in").iterdir():
        with Image.open(path) as picture:
            sizes.add(picture.size)
    assert sizes == {(64, 48)}
    assert len(list((tmp_path / "in").iterdir())) == 5
