"""What has no place in an image that is carried elsewhere."""

import re
from collections.abc import Callable

import pytest

from tests.containers import docker, inspect

pytestmark = pytest.mark.docker

# Of Debian's and Python's own base image, nothing is asked.
OURS = "/opt /usr/local/bin /etc/nuclio /cache /home /root"
BUILD_TOOLS = "cc gcc g++ make cmake ninja git uv cython"


@pytest.fixture(scope="module")
def find(build: Callable[..., str]) -> Callable[[str], list[str]]:
    """Return the lines that a shell command prints in the image, as root."""
    image = build("slim")

    def run(command: str) -> list[str]:
        options = ("--rm", "--user=0", "--network=none", "--entrypoint=")
        return docker("run", *options, image, "sh", "-c", command)[1].splitlines()

    return run


def test_nothing_is_writable_for_all(find: Callable[[str], list[str]]) -> None:
    kept = ["/proc", "/sys", "/dev"]
    prune = " -o ".join(f"-path {path}" for path in kept)
    found = find(f"find / \\( {prune} \\) -prune -o ! -type l -perm -0002 ! -perm -1000 -print")
    assert found == []


def test_only_the_cache_belongs_to_its_user(find: Callable[[str], list[str]]) -> None:
    assert find("find / -xdev -user 10001") == ["/cache"]


def test_no_build_tool_and_no_cache_is_left(find: Callable[[str], list[str]]) -> None:
    assert find(f"for tool in {BUILD_TOOLS}; do command -v $tool || true; done") == []
    folders = "/root/.cache /root/.config /var/lib/apt/lists /var/cache/apt/archives /source /layer"
    assert find(f"find {folders} -type f ! -name lock 2>/dev/null || true") == []
    assert find(f"find {OURS} -name '*.whl' -o -name '*.tar.gz' -o -name '*.deb'") == []


def test_no_secret_is_left(find: Callable[[str], list[str]], build: Callable[..., str]) -> None:
    assert find(f"grep -rIl 'PRIVATE KEY-----' {OURS} || true") == []
    assert (
        find("ls /etc/pip.conf /root/.netrc /root/.docker /run/secrets 2>/dev/null || true") == []
    )
    image = build("slim")
    history = docker("history", "--no-trunc", "--format={{.CreatedBy}}", image)[1]
    told = history + " ".join(inspect(image)["Config"]["Env"])
    assert not re.search(r"://[^/\s]+:[^/\s]+@|password|token", told, re.IGNORECASE)
