"""The models that are measured: the .pt, and what is exported from it, by ultralytics and by us.

Trained weights cannot be downloaded everywhere. The detector is the demo model, asked at 640
pixels; the other tasks and the larger sizes have random weights that answer with dozens of objects.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from handler.errors import ModelError

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.jpg"))
RANDOM = {
    "obb": "yolov8n-obb",
    "segment": "yolov8n-seg",
    "pose": "yolov8n-pose",
    "classify": "yolov8n-cls",
}
LARGER = {"medium": "yolov8m", "large": "yolov8l"}
_THRESHOLDS = {"classify": 0.001}  # of a thousand classes none is sure


@dataclass(frozen=True)
class Subject:
    """A model: its .pt, the folder exported from it and, where that can be made, in int8.

    best: what ultralytics exports to OpenVINO; None of what it does not load.
    pictures: what the exports were compared on, and what is answered. about_int8: what it loses,
    or why there is none. thorough: every section is run, and the goals hold for it. many_sizes: so
    is the one with pictures of many sizes.
    """

    name: str
    weights: Path
    exported: Path
    int8: Path | None
    about_int8: str
    pictures: Sequence[Path]
    thorough: bool
    best: Path | None = None
    many_sizes: bool = False

    @property
    def task(self) -> str:
        """What the network was trained for, by ultralytics' names."""
        assert self.best is not None  # noqa: S101 - for mypy
        written = yaml.safe_load((self.best / "metadata.yaml").read_text("utf-8"))
        return str(written["task"])

    @property
    def precision(self) -> str:
        """What the export was verified in."""
        config = yaml.safe_load((self.exported / "model.yaml").read_text("utf-8"))
        return str(config["precision"])


def demo(folder: Path) -> Path:
    """Copy the demo model into `folder`, to be asked at the 640 pixels that people train at."""
    import torch

    folder.mkdir(parents=True)
    checkpoint = torch.load(ROOT / "weights" / "best.pt", weights_only=False)
    arguments = checkpoint["train_args"] | {"imgsz": 640}
    torch.save({**checkpoint, "train_args": arguments}, folder / "best.pt")
    return folder / "best.pt"


def random(name: str, folder: Path) -> Path:
    """Build a model of random weights for a task, or of a size, in `folder`."""
    from tests.architectures import build

    folder.mkdir(parents=True)
    if name in _THRESHOLDS:
        (folder / "model.yaml").write_text(f"threshold: {_THRESHOLDS[name]}\n")
    architecture = RANDOM.get(name) or LARGER[name]
    return build(architecture, folder / "best.pt", 224 if name == "classify" else 640)


def exported(
    name: str,
    weights: Path,
    pictures: Sequence[Path],
    folder: Path,
    *,
    thorough: bool,
    many_sizes: bool = False,
) -> Subject:
    """Export `weights` into `folder`, in floating point and, if it is to be thorough, in int8.

    Raises:
        ModelError: there is no export that answers as the original does.
    """
    compared = folder / "pictures"
    compared.mkdir(parents=True)
    for picture in pictures:
        shutil.copy(picture, compared)
    floating, int8 = folder / "float", folder / "int8"
    said = _export(weights, compared, floating)
    if not floating.exists():
        raise ModelError(f"{weights} cannot be exported: {said}")
    if thorough:
        said = _export(weights, compared, int8, "--int8", "--accept-loss", "100")
    made = int8 if int8.exists() else None
    about = said if thorough else ""
    best = exported_by_ultralytics(weights, folder / "ultralytics")
    return Subject(name, weights, floating, made, about, pictures, thorough, best, many_sizes)


def exported_by_ultralytics(weights: Path, folder: Path) -> Path | None:
    """Return the OpenVINO folder that ultralytics makes when nothing else is asked of it."""
    folder.mkdir()
    copied = shutil.copy(weights, folder / "best.pt")
    program = "import sys, ultralytics; ultralytics.YOLO(sys.argv[1]).export(format='openvino')"
    command = [sys.executable, "-c", program, str(copied)]
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    made = folder / "best_openvino_model"
    return made if made.is_dir() else None


def _export(weights: Path, pictures: Path, out: Path, *options: str) -> str:
    """Write the folder `out` if that can be, and return what `export` says last.

    In a process of its own, so that torch's memory goes back.
    """
    arguments = ["export", "--weights", weights, "--images", pictures, "--out", out, *options]
    command = [sys.executable, "-c", "from handler.cli import main; main()", *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    said = finished.stderr if finished.returncode else finished.stdout
    return (said.strip().splitlines() or ["nothing"])[-1].removeprefix(f"{out}: ")
