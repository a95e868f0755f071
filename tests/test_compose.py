"""docker-compose.yml: what it promises about the service and the dashboard beside it."""

import os
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

FILE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
    return found


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("auto-annotate", "${WEIGHTS:-./weights}:/weights:ro"),
        ("models", "${MODELS:-./weights}:/models:ro"),
    ],
)
def test_a_service_is_locked_down(services: dict[str, Any], name: str, weights: str) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108
    assert weights in service["volumes"]
    assert "cache:/cache" in service["volumes"]


def test_every_port_stays_on_this_host(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service["ports"]]
    assert ports == ["127.0.0.1:8080:8080", "127.0.0.1:8070:8070", "127.0.0.1:8071:8070"]


def test_the_dashboard_is_asked_for(services: dict[str, Any]) -> None:
    assert services["nuclio"]["profiles"] == ["nuclio"]
    assert services["models"]["profiles"] == ["cvat"]
    assert "profiles" not in services["auto-annotate"]


@pytest.mark.docker
@pytest.mark.parametrize("profile", [(), ("--profile", "nuclio"), ("--profile", "cvat")])
def test_compose_accepts_it(profile: tuple[str, ...]) -> None:
    if shutil.which("docker-compose") is None:
        assert not os.environ.get("CI"), "CI must have docker-compose"
        pytest.skip("docker-compose is not installed")
    command = ["docker-compose", "--file", str(FILE), *profile, "config", "--quiet"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
