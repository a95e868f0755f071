"""Models that load and answer when the test says so."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from handler.replies import Reply
from handler.service import Service
from handler.settings import Settings


class Stub:
    """In the place of a service: its answer is its folder's name."""

    def __init__(self, gates: "Gates", settings: Settings) -> None:
        self._gates = gates
        self.name = settings.weights.name

    def answer(self, body: bytes, _: str, __: str | None, gone: Callable[[], bool]) -> Reply:
        """Answer when the model may; as the real one, not to who has gone by then."""
        self._gates.asked.append(body)
        assert self._gates.answers.wait(20)
        if gone():
            self._gates.given_up.append(body)
        return Reply(200, self.name.encode())


class Gates:
    """What the stubs wait for, open unless closed, and what they saw."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = threading.Event()
        self.loads = threading.Event()
        self.answers.set()
        self.loads.set()
        self.loaded: list[str] = []
        self.asked: list[bytes] = []
        self.given_up: list[bytes] = []
        self.error: Exception | None = None
        monkeypatch.setattr(Service, "load", self._load)

    def _load(self, settings: Settings) -> Stub:
        if settings.weights.name == "slow":
            assert self.loads.wait(20)
        if self.error is not None:
            raise self.error
        self.loaded.append(settings.weights.name)
        return Stub(self, settings)


def settings_of(name: str, queue: int = 32) -> Settings:
    """Return the settings of a model that a stub stands for."""
    return Settings(weights=Path(name), queue=queue)
