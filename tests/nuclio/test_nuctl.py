"""nuctl; that it deploys is tested in tests/test_deploy.py, where it is there."""

import pytest

from handler.nuclio.nuctl import Nuctl, NuctlError, failure

# As nuctl 1.14.1 writes it; the middle is the log of the function.
OUTPUT = """\
26.11.23 15:22:43.881 nuctl.platform.docker (W) Container wasn't healthy within timeout {"logs": ""}

Error - Container wasn't healthy in time
    /nuclio/pkg/dockerclient/shell.go:631
"""
LOG = """\
26.11.23 15:22:29.453 Waiting for start
2026-11-23 15:22:29,454 ERROR not ready: The model folder /weights is empty. Copy best.pt there.
26.11.23 15:22:29.454 Exception raised while running init_context {"worker_id": "0"}
"""


def test_the_reason_is_what_the_function_says() -> None:
    error = failure(["deploy"], OUTPUT + LOG)
    assert str(error) == (
        "nuctl deploy failed: The model folder /weights is empty. Copy best.pt there."
    )


def test_else_it_is_nuctl_s_own_error() -> None:
    assert str(failure(["deploy"], OUTPUT)).endswith("Error - Container wasn't healthy in time")
    assert str(failure(["get"], "unknown flag\n")) == "nuctl get failed: unknown flag"
    assert str(failure(["get"], "\n")) == "nuctl get failed: it says nothing"


@pytest.mark.parametrize(("platform", "name"), [("docker", "local"), ("kubernetes", "kube")])
def test_without_nuctl_its_commands_are_the_remedy(
    platform: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NuctlError, match=f"nuctl get projects --platform {name}; nuctl version"):
        Nuctl.find(platform, "get projects", "version")
