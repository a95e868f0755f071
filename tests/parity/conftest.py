"""The demo model's fast form against its own .pt, loaded once."""

import pytest

from handler.parity.ways import Models
from handler.settings import Settings
from tests.conftest import DEMO


@pytest.fixture(scope="session")
def demo_models() -> Models:
    """The exported demo as it is served, its library, and what lies between."""
    return Models(Settings(weights=DEMO / "exported"))
