import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from handler.errors import BusyError
from handler.server.served import Served
from handler.server.shelf import Shelf
from handler.settings import Settings
from tests.conftest import DEMO
from tests.server.stubs import Gates, settings_of


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Gates:
    return Gates(monkeypatch)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def test_above_its_bound_the_queue_refuses(gates: Gates) -> None:
    async def work() -> None:
        served = Served(settings_of("a", queue=3), Shelf(1), 0)
        gates.answers.clear()
        asked = [asyncio.create_task(served.answer(b"%d" % number)) for number in range(3)]
        await until(lambda: served.places == 3)
        with pytest.raises(BusyError, match="3 requests of a are waiting already"):
            await served.answer(b"")
        gates.answers.set()
        assert [reply.body for reply in await asyncio.gather(*asked)] == [b"a"] * 3
        assert (await served.answer(b"")).status == 200

    asyncio.run(work())


def test_who_goes_away_frees_the_place(gates: Gates) -> None:
    async def work() -> None:
        served = Served(settings_of("a", queue=20), Shelf(1), 0)
        gates.answers.clear()
        asked = [asyncio.create_task(served.answer(b"%d" % number)) for number in range(20)]
        await until(lambda: bool(gates.asked) and served.places == 20)
        for each in asked:
            each.cancel()
        await until(lambda: served.places == 0)
        last = asyncio.create_task(served.answer(b"last"))
        gates.answers.set()
        assert (await last).status == 200
        assert gates.asked[-1] == b"last"
        # The threads of the others go on by themselves.
        await until(lambda: len(gates.given_up) == len(gates.asked) - 1)
        assert set(gates.asked[:-1]) == set(gates.given_up)
        assert len(gates.asked) < 20

    asyncio.run(work())


def test_a_model_that_loads_does_not_hold_up_another(gates: Gates) -> None:
    async def work() -> None:
        shelf = Shelf(2)
        slow, other = (Served(settings_of(name), shelf, 0) for name in ("slow", "other"))
        gates.loads.clear()
        waiting = asyncio.create_task(slow.answer(b""))
        await until(lambda: shelf.loads(slow.settings))
        assert (await other.answer(b"")).body == b"other"
        assert not waiting.done()
        gates.loads.set()
        assert (await waiting).body == b"slow"

    asyncio.run(work())


def test_what_a_folder_holds_is_found_out_without_keeping_it() -> None:
    served = Served(Settings(weights=DEMO / "exported"), Shelf(1), 8071)
    assert (served.name, served.state) == ("exported", "starting")
    asyncio.run(served.examine())
    assert (served.name, served.state) == ("digits", "idle")


def test_why_a_folder_cannot_be_served_is_kept(tmp_path: Path) -> None:
    served = Served(Settings(weights=tmp_path), Shelf(1), 0)
    asyncio.run(served.examine())
    assert served.state == "failed"
    assert "The folder is empty" in str(served.error)
