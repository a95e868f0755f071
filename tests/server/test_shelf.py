import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from handler.errors import WeightsError
from handler.server.shelf import Shelf
from tests.server.stubs import Gates, settings_of

A, B, C = (settings_of(name) for name in "abc")


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Gates:
    return Gates(monkeypatch)


def run(work: Coroutine[Any, Any, None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(in_time())


def test_a_model_is_loaded_once_for_all_who_ask(gates: Gates) -> None:
    async def ask(shelf: Shelf) -> None:
        async with shelf.borrow(A):
            assert shelf.holds(A)

    async def work() -> None:
        shelf = Shelf(1)
        await asyncio.gather(*(ask(shelf) for _ in range(5)))
        await ask(shelf)

    run(work())
    assert gates.loaded == ["a"]


def test_the_least_recently_used_goes(gates: Gates) -> None:
    async def work() -> None:
        shelf = Shelf(2)
        for settings in (A, B, A, C):
            async with shelf.borrow(settings):
                pass
        assert [shelf.holds(each) for each in (A, B, C)] == [True, False, True]

    run(work())
    assert gates.loaded == ["a", "b", "c"]


def test_a_model_in_use_goes_when_its_frames_are_answered(gates: Gates) -> None:
    async def work() -> None:
        shelf = Shelf(1)
        order = []

        async def ask(settings: Any) -> None:
            async with shelf.borrow(settings):
                order.append(settings.weights.name)

        async with shelf.borrow(A):
            other = asyncio.create_task(ask(B))
            await asyncio.sleep(0)
            again = asyncio.create_task(ask(A))
            await asyncio.sleep(0.05)
            assert order == []
        await asyncio.gather(other, again)
        assert order == ["b", "a"]

    run(work())
    assert gates.loaded == ["a", "b", "a"]


def test_many_models_in_little_room_all_get_their_turn(gates: Gates) -> None:
    async def work() -> None:
        shelf = Shelf(1)

        async def ask(settings: Any) -> None:
            async with shelf.borrow(settings):
                await asyncio.sleep(0.001)

        await asyncio.gather(*(ask(each) for each in [A, B, C] * 10))

    run(work())
    assert len(gates.loaded) <= 30


def test_a_loading_goes_on_without_whoever_asked_and_blocks_nobody(gates: Gates) -> None:
    async def work() -> None:
        shelf = Shelf(2)
        slow = settings_of("slow")

        async def ask() -> None:
            async with shelf.borrow(slow):
                pass

        gates.loads.clear()
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0.01)
        async with shelf.borrow(A):
            assert shelf.loads(slow)
        asking.cancel()
        gates.loads.set()
        while not shelf.holds(slow):
            await asyncio.sleep(0.01)
        # Nobody waits for it any more, so it is no obstacle.
        async with shelf.borrow(B), shelf.borrow(C):
            assert not shelf.holds(slow)

    run(work())


def test_a_failure_is_everybody_s_and_the_next_one_tries_again(gates: Gates) -> None:
    async def work() -> None:
        shelf = Shelf(1)

        async def ask() -> None:
            async with shelf.borrow(A):
                pass

        gates.error = WeightsError("gone")
        results = await asyncio.gather(ask(), ask(), return_exceptions=True)
        assert list(results) == [gates.error] * 2
        gates.error = None
        await ask()

    run(work())
