import subprocess
import sys

from benchmarks.one_core import one_core
from tests.conftest import ROOT


def test_under_the_limit_there_is_one_processor() -> None:
    program = "from handler.machine import cpus; print(cpus.available())"
    with one_core() as (prefix, how):
        shown = subprocess.run(
            [*prefix, sys.executable, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert how in ("cgroup", "taskset")
    assert int(shown) == 1
