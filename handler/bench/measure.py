"""Measuring handlers beside each other, so that a busy machine is busy for all of them."""

import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from handler.bench.worker import Answer, Contender, Memory, Worker

WARM_UP = 2  # rounds
Tick = Callable[[], object]


@dataclass(frozen=True)
class Start:
    """Seconds from the process's start to its first answer, and its memory after some frames."""

    seconds: float
    memory: Memory


@dataclass(frozen=True)
class Burst:
    """What several clients got: the seconds each answer took, and the frames in a second."""

    latencies: list[float]
    frames_per_second: float


def answers(
    contenders: Mapping[str, Contender], bodies: Sequence[bytes], rounds: int, tick: Tick
) -> dict[str, list[Answer]]:
    """Return the answers of each contender, who take turns, a frame each; all are warm.

    Each has a process of its own. `bodies` come round and round; `tick` is called `rounds` times.
    """
    taken: dict[str, list[Answer]] = {name: [] for name in contenders}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(each)) for name, each in contenders.items()}
        for worker in workers.values():
            for body in [*bodies] * WARM_UP:
                worker.answer(body)
        for number in range(rounds):
            for name, worker in workers.items():
                taken[name].append(worker.answer(bodies[number % len(bodies)]))
            tick()
    return taken


def start(contender: Contender, bodies: Sequence[bytes], frames: int) -> Start:
    """Start a handler, take the time to its first answer, and its memory after `frames` more."""
    began = time.perf_counter()
    with Worker(contender) as worker:
        worker.answer(bodies[0])
        seconds = time.perf_counter() - began
        for number in range(frames):
            worker.answer(bodies[number % len(bodies)])
        return Start(seconds, worker.memory())


@contextmanager
def pool(
    contender: Contender, workers: int, bodies: Sequence[bytes]
) -> Iterator[Callable[[int, int], Burst]]:
    """Start several workers; give a function that has CLIENTS ask for FRAMES in all.

    A client waits for its answer and takes whichever worker is free, as Nuclio's processor does.
    """
    with ExitStack() as stack:
        shared = contender.among(workers)
        started = [stack.enter_context(Worker(shared)) for _ in range(workers)]
        free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in started:
            for body in [*bodies] * WARM_UP:
                worker.answer(body)
            free.put(worker)

        def ask(number: int) -> float:
            asked = time.perf_counter()
            worker = free.get()
            worker.answer(bodies[number % len(bodies)])
            free.put(worker)
            return time.perf_counter() - asked

        def burst(clients: int, frames: int) -> Burst:
            began = time.perf_counter()
            with ThreadPoolExecutor(clients) as threads:
                latencies = list(threads.map(ask, range(frames)))
            return Burst(latencies, frames / (time.perf_counter() - began))

        yield burst
