"""A folder annotated by our command and by ultralytics' own, side by side.

`python -m benchmarks.folder`: what a user waits for from the command to its end, and the most
memory that it takes; `yolo predict save=True save_txt=True` runs on its own OpenVINO export.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks import models
from benchmarks.models import EXAMPLES
from benchmarks.pictures import jpeg
from handler.bench.spread import Spread
from handler.bench.surroundings import in_words, surroundings
from handler.bench.tables import Table

THEIRS, OURS, ONE_BY_ONE = "yolo predict", "annotate", "annotate, one at a time"
_TICK = 0.02  # seconds between two looks at a process
MOST = 20  # objects on a picture: of random weights it would be hundreds
FASTER, MEMORY = 2.0, 1.5  # goals: times yolo predict's rate; times the memory of one at a time

_YOLO = "import sys; from ultralytics.cfg import entrypoint; entrypoint()"
_ANNOTATE = "from handler.cli import main; main()"
_ONE = f"from handler.annotation import pipeline; pipeline.MOST = 1; {_ANNOTATE}"


@dataclass(frozen=True)
class Case:
    """A folder of `count` JPEGs of one size, and the model that annotates it."""

    name: str
    width: int
    height: int
    count: int
    weights: Path
    ours: Path


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds, and the largest resident set in MB."""

    seconds: float
    peak: float


def taken(code: str, arguments: Sequence[str], folder: Path) -> Taken:
    """Run Python code with arguments in a process of its own, in `folder`.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", code, *arguments],
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=os.environ | {"YOLO_AUTOINSTALL": "false", "ANNOTATE_MAX_DETECTIONS": str(MOST)},
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _peak(process.pid))
            time.sleep(_TICK)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode()[-2000:])
    return Taken(seconds, peak)


def _peak(pid: int) -> float:
    """Return the largest resident set that a process has had, in MB; 0 where it has ended.

    Not `ru_maxrss`, which begins at what the process that started it had.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def fill(folder: Path, case: Case) -> None:
    """Write the pictures of a case."""
    folder.mkdir()
    kinds = [jpeg(example, case.width, case.height) for example in EXAMPLES]
    for number in range(case.count):
        (folder / f"{number:04}.jpg").write_bytes(kinds[number % len(kinds)])


def run(case: Case, rounds: int, work: Path) -> dict[str, list[Taken]]:
    """Run each command `rounds` times, in turn."""
    pictures = work / "pictures"
    fill(pictures, case)
    yolo = (
        f"predict model={case.weights} source={pictures} save=True save_txt=True "
        f"project={work / 'yolo'} max_det={MOST}"
    )
    annotate = ["annotate", str(pictures), "--weights", str(case.ours)]
    commands = {
        THEIRS: (_YOLO, yolo.split()),
        OURS: (_ANNOTATE, [*annotate, "--out", "ours"]),
        ONE_BY_ONE: (_ONE, [*annotate, "--out", "one"]),
    }
    found: dict[str, list[Taken]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (code, arguments) in commands.items():
            found[name].append(taken(code, arguments, work))
    return found


def row(case: Case, found: dict[str, list[Taken]]) -> list[str]:
    """Return the cells of a case: seconds, rates and peaks, with their ratios and goals."""
    seconds = {name: Spread.of(each.seconds for each in runs) for name, runs in found.items()}
    peaks = {name: Spread.of(each.peak for each in runs).median for name, runs in found.items()}
    faster = seconds[THEIRS].median / seconds[OURS].median
    more = peaks[OURS] / peaks[ONE_BY_ONE]
    return [
        f"{case.name}, {case.count} JPEGs of {case.width}x{case.height}",
        *(f"{seconds[name].median:.1f} s" for name in (THEIRS, OURS)),
        f"{faster:.2f} (goal {FASTER:g}, {'met' if faster >= FASTER else 'not met'})",
        *(f"{peaks[name]:.0f} MB" for name in (THEIRS, ONE_BY_ONE, OURS)),
        f"{more:.2f} (goal at most {MEMORY:g}, {'met' if more <= MEMORY else 'not met'})",
    ]


def theirs(weights: Path) -> Path:
    """Return ultralytics' own OpenVINO export of a .pt, made in a process of its own."""
    arguments = f"export model={weights} format=openvino imgsz=640 dynamic=True"
    taken(_YOLO, arguments.split(), weights.parent)
    return weights.with_name(f"{weights.stem}_openvino_model")


def cases(work: Path, count: int) -> list[Case]:
    """Return what is measured: the demo's detector at two sizes, and a segmentation model."""
    from tests.architectures import PHOTOGRAPHS

    demo, segment = models.demo(work / "demo"), models.random("segment", work / "segment")
    made = {}
    for name, weights, pictures in (("detect", demo, EXAMPLES), ("segment", segment, PHOTOGRAPHS)):
        folder = work / f"{name}-exported"
        subject = models.exported(name, weights, pictures, folder, thorough=False)
        made[name] = (theirs(weights), subject.exported)
    return [
        Case("detect", 1920, 1080, count, *made["detect"]),
        Case("detect", 4000, 3000, count, *made["detect"]),
        Case("segment", 1920, 1080, count, *made["segment"]),
    ]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--count", default=60, show_default=True, help="Pictures in a folder.")
@click.option("--rounds", default=3, show_default=True, help="Runs of each command, in turn.")
def main(count: int, rounds: int) -> None:
    """Annotate a folder with our command and with `yolo predict`, in turn."""
    click.echo(in_words(surroundings()))
    columns = ("", THEIRS, OURS, "faster", f"peak of {THEIRS}", "one at a time", OURS, "memory")
    table = Table("a folder, from the command to its end", columns)
    with tempfile.TemporaryDirectory(prefix="auto-annotate-bench-") as work:
        for number, case in enumerate(cases(Path(work), count)):
            folder = Path(work) / str(number)
            folder.mkdir()
            table.rows.append(row(case, run(case, rounds, folder)))
            click.echo("; ".join(table.rows[-1]), err=True)
    click.echo(table.markdown())


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.folder")
