from handler.bench import measure
from handler.bench.worker import Contender
from tests.conftest import EXAMPLES, body_of

BODIES = [body_of(example.read_bytes()) for example in EXAMPLES[:2]]


def test_each_is_asked_for_the_same_frames_in_turn(fast: Contender) -> None:
    ticks: list[None] = []
    taken = measure.answers({"one": fast, "other": fast}, BODIES, 3, lambda: ticks.append(None))
    assert len(ticks) == 3
    one, other = taken["one"], taken["other"]
    assert [answer.body for answer in one] == [answer.body for answer in other]
    assert one[0].body == one[2].body != one[1].body


def test_a_start_has_its_time_and_memory(fast: Contender) -> None:
    begun = measure.start(fast, BODIES, 2)
    assert begun.seconds > 0
    assert begun.memory.peak >= begun.memory.resident > 0


def test_clients_share_the_workers(fast: Contender) -> None:
    with measure.pool(fast, 2, BODIES) as burst:
        taken = burst(4, 6)
    assert len(taken.latencies) == 6
    assert taken.frames_per_second > 0
