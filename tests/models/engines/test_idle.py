import subprocess
import sys
import threading
from functools import partial

import pytest

from handler.models.engines import idle
from handler.models.engines.idle import Idle


def test_jobs_are_done_one_at_a_time_in_their_order_beside_the_caller() -> None:
    done: list[tuple[int, str]] = []

    def note(number: int) -> None:
        done.append((number, threading.current_thread().name))

    waiting = Idle()
    for number in range(3):
        waiting.add(partial(note, number))
    waiting.finish()
    assert done == [(0, "idle"), (1, "idle"), (2, "idle")]
    waiting.add(partial(note, 3))
    waiting.finish()
    assert len(done) == 4


def test_no_job_begins_while_a_frame_is_computed_unless_it_is_out_of_patience() -> None:
    waiting, urgent_is_done, done = Idle(), threading.Event(), []
    with waiting.frame():
        waiting.add(lambda: done.append("patient"))
        waiting.add(urgent_is_done.set, patience=0)
        assert urgent_is_done.wait(60)
        assert done == []
    waiting.finish()
    assert done == ["patient"]


def test_a_job_that_fails_is_in_the_log_and_the_next_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting, done = Idle(), []
    waiting.add(lambda: 1 / 0)
    waiting.add(lambda: done.append("next"))
    waiting.finish()
    assert done == ["next"]
    assert "ZeroDivisionError" in caplog.text


def test_the_process_ends_without_the_jobs_that_were_not_begun() -> None:
    program = f"""
from {idle.__name__} import Idle
waiting = Idle()
with waiting.frame():
    waiting.add(lambda: print("done"))
"""
    program += "    raise SystemExit(3)"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", "")
