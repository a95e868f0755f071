"""A model that starts at once: without torch."""

from collections.abc import Callable
from pathlib import Path

import pytest

from handler.bench.worker import Contender
from handler.service import Service
from handler.settings import Settings
from tests.conftest import ROOT

FORWARD_STAGES = {"letterbox", "forward", "outputs", "nms"}


@pytest.fixture(scope="session")
def exported(export_of: Callable[..., Path]) -> Path:
    return export_of("yolov8n", "openvino")


@pytest.fixture(scope="session")
def service(exported: Path) -> Service:
    return Service.load(Settings(weights=exported))


@pytest.fixture(scope="session")
def fast(exported: Path) -> Contender:
    environment = {"ANNOTATE_WEIGHTS": str(exported), "PYTHONPATH": str(ROOT)}
    return Contender(environment=environment)
