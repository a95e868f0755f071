"""What `annotate` leaves behind, however it ends."""

import json
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from handler.cli import main
from handler.service import Service
from tests.conftest import DEMO, EXAMPLES

MODEL = DEMO / "exported"
COMMAND = [sys.executable, "-c", "from handler.cli import main; main()", "annotate"]
SMALL = EXAMPLES[0]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["annotate", *map(str, arguments), "--weights", str(MODEL)])
    return result.exit_code, result.stdout, result.stderr


def blank(path: Path, width: int = 320, height: int = 240) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), "gray").save(path)
    return path


def results_are_whole(out: Path) -> int:
    """Assert that every file of results can be read, and return how many JSON files there are."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "annotated.jsonl"]
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text())
        else:
            assert path.suffix == ".jpg"
            with Image.open(path) as picture:
                picture.load()
    return sum(path.suffix == ".json" for path in files)


def test_ctrl_c_leaves_whole_files_and_resume_goes_on(tmp_path: Path) -> None:
    count = 80
    for number in range(count):
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copy(SMALL, tmp_path / "in" / f"{number:03}.jpg")
    out = tmp_path / "out"
    command = [*COMMAND, *map(str, (tmp_path / "in", "--weights", MODEL, "--out", out))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(3):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate()
    assert process.returncode == 130
    assert complaints.startswith("Stopped. ")
    assert complaints.count("\n") == 1
    written = results_are_whole(out)
    assert 3 <= written < count

    code, said, _ = run(tmp_path / "in", "--out", out, "--resume")
    assert code == 0
    assert said.splitlines()[-1].endswith(f" done before -> {out}")
    names = sorted(path.stem for path in out.glob("*.json"))
    assert names == [f"{number:03}" for number in range(count)]
    assert results_are_whole(out) == count


def test_results_are_those_of_one_picture_at_a_time_in_the_same_order(
    tmp_path: Path, demo_exported: Service
) -> None:
    sources = []
    for number in range(12):
        picture = cv2.imread(str(EXAMPLES[number % len(EXAMPLES)]))
        assert picture is not None
        size = (240 + 37 * (number % 5), 200 + 91 * (number % 3))
        sources.append(tmp_path / "in" / f"{number:02}.png")
        sources[-1].parent.mkdir(exist_ok=True)
        cv2.imwrite(str(sources[-1]), cv2.resize(picture, size))
    code, said, _ = run(tmp_path / "in", "--out", tmp_path / "out", "--threshold", 0.1)
    assert code == 0
    assert [line.split(":")[0] for line in said.splitlines()[:-1]] == [str(s) for s in sources]
    found = 0
    for source in sources:
        _, expected = demo_exported.annotate(source.read_bytes(), 0.1)
        assert json.loads((tmp_path / "out" / f"{source.stem}.json").read_text()) == expected
        found += len(expected)
    assert said.splitlines()[-1] == f"12 pictures, {found} objects -> {tmp_path / 'out'}"


@pytest.fixture(scope="module")
def demo_exported() -> Service:
    from handler.settings import Settings

    return Service.load(Settings(weights=MODEL))


def test_a_full_disk_is_one_line_and_what_was_finished_stays(tmp_path: Path) -> None:
    blank(tmp_path / "in" / "0-small.png")
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1600, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "in" / "1-large.png"), noise)
    limit = 200_000  # bytes of a file, as if the disk were full behind them
    finished = subprocess.run(
        [*COMMAND, tmp_path / "in", "--weights", MODEL, "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert finished.returncode == 1
    assert finished.stderr == (
        f"Error: {tmp_path / 'out' / '1-large.jpg'} cannot be written (File too large). "
        "Make room there; the same command with --resume goes on.\n"
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "0-small.jpg",
        "0-small.json",
        "annotated.jsonl",
    ]


def test_an_out_that_is_no_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, complaints = run(SMALL, "--out", tmp_path / "file" / "out")
    assert code == 1
    assert complaints.startswith(f"Error: {tmp_path / 'file' / 'out' / 'annotated.jsonl'} cannot")
    assert complaints.count("\n") == 1


def test_what_is_not_found_is_told_from_what_is_nearly_found(tmp_path: Path) -> None:
    _, said, _ = run(SMALL, "--out", tmp_path, "--threshold", 1)
    assert said.splitlines()[0].startswith(f"{SMALL}: nothing found (best: ")
    assert ", below the threshold) -> " in said
    _, said, _ = run(blank(tmp_path / "blank.png"), "--out", tmp_path / "out")
    assert "nothing found -> " in said


@pytest.mark.parametrize("argument", ["https://example.org/a.jpg", "-"])
def test_addresses_and_standard_input_are_wrong_use(argument: str) -> None:
    code, _, complaints = run(argument)
    assert code == 2
    assert f"{argument} is not read: files and folders are" in complaints


def test_an_answer_takes_no_other_s_place(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        blank(tmp_path / folder / "a.png")
        assert run(tmp_path / folder / "a.png", "--out", tmp_path / "out")[0] == 0
    assert {path.name for path in (tmp_path / "out").glob("*.json")} == {"a.json", "a.png.json"}
    assert run(tmp_path / "two" / "a.png", "--out", tmp_path / "out")[0] == 0
    assert len(list((tmp_path / "out").glob("*.json"))) == 2


def test_a_large_picture_is_annotated_by_tiles(tmp_path: Path) -> None:
    small = np.asarray(cv2.imread(str(EXAMPLES[1])), np.uint8)
    page = np.full((1300, 2000, 3), 230, np.uint8)
    for left, top in ((20, 20), (1300, 700)):
        page[top : top + 480, left : left + 640] = small
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page)
    counts: list[int] = []
    for tile in ("false", "{size: 640, whole: false}"):
        out = tmp_path / f"out-{len(counts)}"
        status, _, _ = run(path, "--out", out, "--pictures", "none", "--tile", tile)
        assert status == 0
        counts.append(len(json.loads((out / "page.json").read_text())))
    assert counts[0] < counts[1]
    assert counts[1] >= 12


@pytest.mark.parametrize(
    ("tile", "reason"),
    [("3", "size is 3, not auto"), ("{overlap: 1}", "overlap is 1, not a number from 0 to 0.9")],
)
def test_tiles_that_cannot_be_are_said_to_be_so(tmp_path: Path, tile: str, reason: str) -> None:
    status, _, said = run(SMALL, "--out", tmp_path, "--tile", tile)
    assert status == 2
    assert reason in " ".join(said.split())
