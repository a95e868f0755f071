"""Large pictures by tiles, beside SAHI on the same detector: `python -m benchmarks.tiles`."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from sahi import AutoDetectionModel
from sahi.predict import get_sliced_prediction

from benchmarks import models
from benchmarks.models import EXAMPLES
from examples.digit_pictures import Scene, compose, digit_pools, save_jpeg
from handler.bench.spread import Spread
from handler.bench.surroundings import in_words, surroundings
from handler.detection.agreement import differences
from handler.detection.detections import Detections
from handler.pictures.decoding import decode
from handler.service import Service
from handler.settings import Settings

TILE, OVERLAP, THRESHOLD = 640, 0.2, 0.25
GOALS = {"SAHI, best.pt": 7.0, "SAHI, OpenVINO": 1.8}
_MOST_PIXELS = 500_000_000


@dataclass(frozen=True)
class Answer:
    """What was found on a page, and in how many seconds, decoding and all.

    processor: the seconds of all processors together, which on a busy machine tell more.
    """

    found: Detections
    seconds: float
    processor: float


def page(path: Path, width: int, height: int) -> Path:
    """Write a page with digits of 30 to 120 pixels, six to a million pixels."""
    digits = width * height * 6 // 1_000_000
    heights = (32 / max(width, height), 120 / max(width, height))
    scene = Scene(width, height, digits, "paper", heights=heights, seed=3)
    save_jpeg(path, compose(scene, digit_pools()["example"])[0], 92)
    return path


def sahi(weights: Path) -> Callable[[Path], Detections]:
    """Return what asks SAHI, as its documentation does."""
    detector = AutoDetectionModel.from_pretrained(
        "ultralytics", str(weights), confidence_threshold=THRESHOLD, device="cpu", task="detect"
    )

    def ask(picture: Path) -> Detections:
        found = get_sliced_prediction(
            str(picture), detector, TILE, TILE, OVERLAP, OVERLAP, verbose=0
        ).object_prediction_list
        return Detections(
            np.array([each.bbox.to_xyxy() for each in found], np.float32).reshape(-1, 4),
            np.array([each.score.value for each in found], np.float32),
            np.array([each.category.id for each in found], np.int64),
        )

    return ask


def ours(weights: Path) -> Callable[[Path], Detections]:
    """Return what asks our service."""
    tile: dict[str, Any] = {"size": [TILE, TILE], "overlap": OVERLAP}
    service = Service.load(Settings(weights=weights, tile=tile, device="cpu"))

    def ask(picture: Path) -> Detections:
        return service.detect(decode(picture.read_bytes(), _MOST_PIXELS), THRESHOLD)

    return ask


def in_turn(
    contenders: Mapping[str, Callable[[Path], Detections]], picture: Path, rounds: int
) -> dict[str, list[Answer]]:
    """Return the answers of each contender, who take turns; all have answered before."""
    taken: dict[str, list[Answer]] = {name: [] for name in contenders}
    for ask in contenders.values():
        ask(picture)
    for _ in range(rounds):
        for name, ask in contenders.items():
            start, used = time.perf_counter(), time.process_time()
            found = ask(picture)
            seconds, processor = time.perf_counter() - start, time.process_time() - used
            taken[name].append(Answer(found, seconds, processor))
    return taken


def rows(taken: Mapping[str, list[Answer]]) -> list[str]:
    """Return the table: each contender beside ours, which is the last."""
    *others, own = taken
    columns = ("", "seconds", "ratio", "processor seconds", "ratio", "goal", "same as ours")
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for name in others:
        different = list(differences(taken[name][0].found, taken[own][0].found))
        cells = [
            name,
            *_beside(taken[name], taken[own], lambda answer: answer.seconds),
            *_beside(taken[name], taken[own], lambda answer: answer.processor),
            f"{GOALS[name]:g}",
            f"{len(different)} differ" if different else "yes",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _beside(
    theirs: Sequence[Answer], ours: Sequence[Answer], of: Callable[[Answer], float]
) -> tuple[str, str]:
    """Return the medians of both, and how many times less ours is."""
    first, second = (Spread.of(map(of, each)).median for each in (theirs, ours))
    return f"{first:.2f}, ours {second:.2f}", f"{first / second:.2f}"


@click.command()
@click.option("--width", default=4000, show_default=True)
@click.option("--height", default=3000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(width: int, height: int, rounds: int) -> None:
    """Measure a page of digits by tiles of 640 and the whole page, SAHI and ours in turn."""
    with tempfile.TemporaryDirectory(prefix="auto-annotate-tiles-") as work:
        folder = Path(work)
        weights = models.demo(folder / "demo")
        exported = models.exported("tiles", weights, EXAMPLES, folder / "out", thorough=False)
        contenders = {
            "SAHI, best.pt": sahi(weights),
            "SAHI, OpenVINO": sahi(_exported_by_ultralytics(weights)),
            "ours": ours(exported.exported),
        }
        picture = page(folder / "page.jpg", width, height)
        taken = in_turn(contenders, picture, rounds)
    click.echo(in_words(surroundings()))
    click.echo("\n".join(rows(taken)))


def _exported_by_ultralytics(weights: Path) -> Path:
    from ultralytics import YOLO

    copy = weights.with_name("for-sahi.pt")
    copy.write_bytes(weights.read_bytes())
    return Path(YOLO(copy).export(format="openvino", verbose=False))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.tiles")
