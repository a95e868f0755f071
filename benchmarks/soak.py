"""`./scripts/soak`: many clients for a long time against two models, with mischief in between."""

import json
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from threading import Event

import click
import httpx
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks import models
from benchmarks.mischief import PRANKS
from benchmarks.models import EXAMPLES
from benchmarks.server import Server
from handler.bench.surroundings import in_words, surroundings
from handler.pictures.files import pictures_in
from tests.conftest import ROOT

GROWTH = 1.05  # of the memory after the first minute
_FIRST = 60.0  # seconds
_ROUNDS = 30


@dataclass
class Soak:
    """What was seen. growth: the memory at the end over that after the first minute (or tenth).

    statuses: how many answers of each. wrong: how many 200s were not the serial answer.
    pranks: how many answers to pranks were neither 4xx nor none. turns: what a frame costs when
    two models are asked in turn, over what it costs when each is asked alone.
    """

    clients: int
    seconds: float
    turns: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    wrong: int = 0
    pranks: int = 0
    pranks_failed: int = 0
    memory: list[int] = field(default_factory=list)
    growth: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was wrong, and no status was another than 200 or 503."""
        others = set(self.statuses) - {"200", "503"}
        return not (self.wrong or self.pranks_failed or others) and self.growth <= GROWTH


@dataclass(frozen=True)
class Question:
    """A model's address, a picture, and the answer when nobody else asks."""

    url: str
    picture: bytes
    expected: bytes


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--weights",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    help="A model folder of yours, instead of the demo and a random segmenter; several times.",
)
@click.option("--clients", default=8, show_default=True, type=click.IntRange(1))
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--queue", default=32, show_default=True, type=click.IntRange(1))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write FILE.")
def main(
    weights: Sequence[Path], clients: int, minutes: float, queue: int, json_file: Path | None
) -> None:
    """Ask `auto-annotate serve` for a long time, and compare every answer with the serial one.

    Meanwhile it gets damaged pictures, half requests, slow senders, and clients that go away.
    Exit status 1: an answer was wrong, a status was another than 200 and 503, or the memory grew.

    \b
    ./scripts/soak
    ./scripts/soak --clients 50 --minutes 5 --json soak.json
    ./scripts/soak --weights ~/models/cars --weights ~/models/ships
    """
    with tempfile.TemporaryDirectory() as folder:
        root = _gather(weights or _usual(Path(folder)), Path(folder, "models"))
        settings = {"ANNOTATE_QUEUE": str(queue), "ANNOTATE_READ_TIMEOUT": "5"}
        with Server.run(root, Path(folder, "log"), settings) as server:
            questions = _questions(server)
            soak = Soak(clients, minutes * 60, _turns(questions))
            _soak(server, questions, soak)
    _print(soak)
    if json_file is not None:
        json_file.write_text(json.dumps({"surroundings": surroundings(), **asdict(soak)}, indent=2))
    raise SystemExit(0 if soak.is_clean else 1)


def _usual(folder: Path) -> list[Path]:
    from tests.architectures import PHOTOGRAPHS

    weights = models.random("segment", folder / "random")
    made = models.exported("segment", weights, PHOTOGRAPHS, folder / "segment", thorough=False)
    # A random network sees hundreds of objects, each a mask of noise over the whole picture.
    with (made.exported / "model.yaml").open("a") as config:
        config.write("max_detections: 3\n")
    return [ROOT / "weights" / "exported", made.exported]


def _gather(folders: Sequence[Path], root: Path) -> Path:
    """Copy the model folders into one, each under a name of its own."""
    for number, each in enumerate(folders):
        name = f"{number}-{each.name}"
        shutil.copytree(each, root / name)
        config = root / name / "model.yaml"
        keys = yaml.safe_load(config.read_text("utf-8")) if config.exists() else {}
        config.write_text(yaml.safe_dump(keys | {"name": name}), "utf-8")
    return root


def _questions(server: Server) -> list[Question]:
    pictures = [path.read_bytes() for path in pictures_in([EXAMPLES[0].parent])][:6]
    found = []
    for url in server.models():
        for picture in pictures:
            answer = httpx.post(url, content=picture, timeout=120).raise_for_status()
            found.append(Question(url, picture, answer.content))
    return found


def _turns(questions: Sequence[Question]) -> float:
    """Return the cost of frames of two models in turn over that of the same frames model by model.

    Rounds of both orders follow each other, so that a busy machine is busy for both.
    """
    by_model = [[each for each in questions if each.url == url] for url in _urls(questions)[:2]]
    first, second = by_model[0][:3], by_model[-1][:3]
    in_turn = [each for pair in zip(first, second, strict=True) for each in pair]
    ratios = []
    with httpx.Client(timeout=120) as client:
        for _ in range(_ROUNDS):
            alone = _seconds(client, [*first, *second])
            ratios.append(_seconds(client, in_turn) / alone)
    return median(ratios)


def _urls(questions: Sequence[Question]) -> list[str]:
    return list(dict.fromkeys(each.url for each in questions))


def _seconds(client: httpx.Client, questions: Sequence[Question]) -> float:
    start = time.perf_counter()
    for each in questions:
        client.post(each.url, content=each.picture)
    return time.perf_counter() - start


def _soak(server: Server, questions: Sequence[Question], soak: Soak) -> None:
    end = Event()
    with ThreadPoolExecutor(soak.clients + 1) as pool:
        asking = [pool.submit(_ask, questions, end, seed) for seed in range(soak.clients)]
        pranking = pool.submit(_prank, server, questions[0], end)
        start = time.monotonic()
        settled = min(_FIRST, soak.seconds / 10)
        while (passed := time.monotonic() - start) < soak.seconds:
            if passed >= settled:
                soak.memory.append(server.memory())
            time.sleep(1)
        end.set()
        for each in asking:
            statuses, wrong = each.result()
            soak.wrong += wrong
            for status, count in statuses.items():
                soak.statuses[status] = soak.statuses.get(status, 0) + count
        soak.pranks, soak.pranks_failed = pranking.result()
    tenth = max(1, len(soak.memory) // 10)
    soak.growth = median(soak.memory[-tenth:]) / median(soak.memory[:tenth])


def _ask(questions: Sequence[Question], end: Event, seed: int) -> tuple[dict[str, int], int]:
    """Return how many answers of each status came, and how many of the 200s were wrong."""
    choose = random.Random(seed)  # noqa: S311
    statuses: dict[str, int] = {}
    wrong = 0
    with httpx.Client(timeout=120) as client:
        while not end.is_set():
            question = choose.choice(questions)
            try:
                answer = client.post(question.url, content=question.picture)
                status = str(answer.status_code)
                wrong += status == "200" and answer.content != question.expected
            except httpx.HTTPError as error:
                status = type(error).__name__
            statuses[status] = statuses.get(status, 0) + 1
            if status == "503":
                end.wait(0.05)
    return statuses, wrong


def _prank(server: Server, question: Question, end: Event) -> tuple[int, int]:
    """Return how many pranks were played, and how many got what they must not get."""
    played = failed = 0
    while not end.is_set():
        prank = PRANKS[played % len(PRANKS)]
        failed += not prank(server.port, httpx.URL(question.url).path, question.picture)
        played += 1
        end.wait(0.2)
    return played, failed


def _print(soak: Soak) -> None:
    table = Table("what", "figure", title=in_words(surroundings()))
    table.add_row("clients, minutes", f"{soak.clients}, {soak.seconds / 60:g}")
    for status, count in sorted(soak.statuses.items()):
        table.add_row(f"answers {status}", f"{count}, {count / soak.seconds:.1f} a second")
    table.add_row("wrong answers", str(soak.wrong))
    table.add_row("pranks, badly answered", f"{soak.pranks}, {soak.pranks_failed}")
    table.add_row("memory at the end", f"{soak.memory[-1] / 1e6:.0f} MB")
    table.add_row("its growth after the start", f"{(soak.growth - 1) * 100:+.1f} %")
    table.add_row("two models in turn, of each alone", f"{soak.turns:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    main()
