"""A model that starts at once: without torch."""

import pytest

from handler.bench.worker import Contender
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO, ROOT

FORWARD_STAGES = {"letterbox", "forward", "outputs", "nms"}
EXPORTED = DEMO / "exported"


@pytest.fixture(scope="session")
def service() -> Service:
    return Service.load(Settings(weights=EXPORTED))


@pytest.fixture(scope="session")
def fast() -> Contender:
    environment = {"ANNOTATE_WEIGHTS": str(EXPORTED), "PYTHONPATH": str(ROOT)}
    return Contender(environment=environment)
