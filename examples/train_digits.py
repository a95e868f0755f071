# ruff: noqa: T201  (a script: it reports by printing)
"""Train the demo model: from pictures with boxes to a folder that `auto-annotate` serves.

    pip install ultralytics scikit-learn scikit-image
    python -m examples.train_digits --out weights                     # best.pt and classes.txt
    python -m examples.train_digits --only pictures --out examples    # the four example pictures
    python -m examples.train_digits --only dataset --out digits       # the data set, to look at

With pictures of your own, `train` and `write_model` are all there is to it. Nothing is downloaded.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np

from examples.digit_pictures import NAMES, write_dataset, write_pictures

# Read when torch and ultralytics are imported, which is why the functions below import them.
os.environ["YOLO_OFFLINE"] = "true"  # no fonts, no pretrained weights
os.environ.setdefault("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")  # convolutions on Intel's AMX units
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a waiting thread leaves the core to others


def use_whole_cpu(trainer: Any) -> None:
    """Every core (ultralytics leaves one out), and the layout oneDNN is fastest with."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    for model in (trainer.model, trainer.ema.ema):
        model.to(memory_format=torch.channels_last)


def train(dataset: Path, work: Path, epochs: int, side: int, seed: int) -> Path:
    """Train YOLOv8n from scratch on the CPU; returns best.pt."""
    from ultralytics import YOLO

    model = YOLO("yolov8n.yaml")
    model.add_callback("on_train_start", use_whole_cpu)
    model.train(
        data=str(dataset), project=str(work.resolve()), name="run", exist_ok=True, device="cpu",
        epochs=epochs, imgsz=side, batch=16, nbs=16, seed=seed, workers=1, cache="ram", amp=False,
        optimizer="AdamW", lr0=0.002, cos_lr=True, warmup_epochs=1, plots=False, close_mosaic=5,
        fliplr=0.0, flipud=0.0,
    )  # fmt: skip
    return work / "run/weights/best.pt"


def write_model(trained: Path, folder: Path) -> None:
    """A model folder: best.pt without the paths of this machine, and classes.txt."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    checkpoint: dict[str, Any] = torch.load(trained, map_location="cpu", weights_only=False)
    for arguments in (checkpoint["train_args"], checkpoint["model"].args):
        arguments.update(data="digits.yaml", model="yolov8n.yaml", project=None, name=None)
        arguments.pop("save_dir", None)
    checkpoint.pop("git", None)
    torch.save(checkpoint, folder / "best.pt")
    (folder / "classes.txt").write_text("\n".join(NAMES) + "\n")


def evaluate(weights: Path, dataset: Path, side: int) -> None:
    """Print what the model finds of the held-out digits."""
    from ultralytics import YOLO

    found = YOLO(weights).val(
        data=str(dataset), imgsz=side, device="cpu", plots=False, workers=0,
        project=str(dataset.parent.resolve()), name="val", exist_ok=True,
    )  # fmt: skip
    box = found.box
    best = int(np.argmax(box.f1_curve.mean(axis=0)))
    print(f"mAP50 {box.map50:.4f}, mAP50-95 {box.map:.4f}, best F1 at {box.px[best]:.2f}")
    for index, ap50, ap in zip(box.ap_class_index, box.ap50, box.ap, strict=True):
        print(f"{NAMES[index]:>6}  AP50 {ap50:.3f}  AP50-95 {ap:.3f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.train_digits",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    add("--only", choices=["dataset", "pictures"], help="write just these, train nothing")
    add("--work", type=Path, default="digits-work", metavar="DIR", help="data set and training run")
    add("--images", type=int, default=2000, help="training pictures (%(default)s)")
    add("--epochs", type=int, default=18, help="passes over them (%(default)s)")
    add("--image-size", type=int, default=320, help="their longer side (%(default)s)")
    add("--seed", type=int, default=0, help="of the pictures and the training (%(default)s)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.only == "pictures":
        return write_pictures(args.out)
    folder = args.out if args.only == "dataset" else args.work
    dataset = write_dataset(folder, args.images, args.image_size, args.seed)
    if args.only == "dataset":
        return None
    trained = train(dataset, args.work, args.epochs, args.image_size, args.seed)
    write_model(trained, args.out)
    return evaluate(args.out / "best.pt", dataset, args.image_size)


if __name__ == "__main__":
    main()
