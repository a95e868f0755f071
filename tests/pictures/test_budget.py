import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from handler.errors import BusyError, RequestError
from handler.pictures import budget
from handler.pictures.budget import Budget


def test_what_fits_goes_together_and_the_rest_waits_until_there_is_room() -> None:
    memory = Budget(together=100, alone=100)
    with memory.share() as first, memory.share() as second, ThreadPoolExecutor() as threads:
        first.take(60)
        second.take(40)
        third = threads.submit(memory.take, 30)
        assert not third.done()
        second.keep(10)
        third.result(timeout=10)


def test_who_waits_too_long_is_sent_away_with_a_time_to_come_back() -> None:
    memory = Budget(together=100, alone=100, patience=0.02)
    with memory.share() as first, memory.share() as second:
        first.take(60)
        with pytest.raises(BusyError, match=r"taken by others for 0\.02 seconds") as caught:
            second.take(50)
        second.take(40)  # nothing was kept for what was not given
    assert (caught.value.status, caught.value.retry_after) == (503, 2)


def test_a_large_picture_goes_alone() -> None:
    memory = Budget(together=100, alone=200, patience=0.02)
    with memory.share() as first, memory.share() as second:
        first.take(150)
        with pytest.raises(BusyError):
            second.take(1)
        first.keep(0)
        second.take(1)
        with pytest.raises(BusyError):
            first.take(150)


def test_what_will_never_fit_is_the_sender_s_to_change() -> None:
    memory = Budget(together=100_000_000, alone=200_000_000)
    with memory.share() as share, pytest.raises(RequestError, match="up to 300 MB") as caught:
        share.take(300_000_000)
    assert caught.value.code == "image_too_large"


def test_a_failed_picture_gives_its_share_back() -> None:
    memory = Budget(together=100, alone=100, patience=0.02)
    with contextlib.suppress(ZeroDivisionError), memory.share() as share:
        share.take(100)
        raise ZeroDivisionError
    memory.take(100)


def test_small_pictures_do_not_overtake_a_large_one_for_ever() -> None:
    memory = Budget(together=100, alone=100)
    memory.take(50)
    order = []
    waiting = threading.Event()

    def take(size: int) -> None:
        waiting.set()
        memory.take(size)
        order.append(size)

    large = threading.Thread(target=take, args=(80,))
    large.start()
    waiting.wait()
    while not memory._turn.locked():  # until the large one waits for room
        pass
    small = threading.Thread(target=take, args=(10,))
    small.start()
    memory.give(50)
    large.join(10)
    small.join(10)
    assert order == [80, 10]


def test_without_a_setting_it_is_what_the_container_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "memory", lambda: 1_000)
    monkeypatch.setattr(budget, "resident_memory", lambda: 200)
    budget.of_process.cache_clear()
    try:
        memory = budget.of_process(None)
        assert (memory._together, memory._alone) == (400, 800)
        assert budget.of_process(None) is memory  # all models of a process share it
    finally:
        budget.of_process.cache_clear()
    assert budget.of_process(3)._alone == 3_000_000
