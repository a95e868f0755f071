"""Model folders of MMRotate: the same small detector for either generation."""

import shutil
from pathlib import Path

import torch

from handler.models.folder.checkpoint import Checkpoint
from handler.models.folder.model_folder import ModelFolder
from handler.models.mmrotate.weights import Weights

HERE = Path(__file__).parent / "models" / "mmrotate"
BEST = HERE / "1.x" / "best.pth"  # as MMEngine saved it: tests/train_mmrotate.py
CONFIGS = {"0": HERE / "0.x" / "config.py", "1": HERE / "1.x" / "config.py"}
PICTURE = HERE / "desk.jpg"
TRUTH = HERE / "desk.json"  # the corners of what is on it


def make_folder(folder: Path, generation: str) -> Path:
    """Write best.pth and config.py into a folder and return it."""
    shutil.copy(CONFIGS[generation], folder / "config.py")
    if generation == "1":
        shutil.copy(BEST, folder)
        return folder
    saved = Weights.read(ModelFolder.open(BEST), Checkpoint.inspect(BEST), trusted=False)
    meta = {
        "env_info": "sys.platform: linux",
        "epoch": 12,
        "iter": 360,
        "CLASSES": saved.classes,
        "PALETTE": [(165, 42, 42), (189, 183, 107)],
        "mmcv_version": "1.7.2",
        "time": "Mon Nov 23 12:00:00 2026",
    }
    torch.save({"meta": meta, "state_dict": saved.tensors}, folder / "best.pth")
    return folder
