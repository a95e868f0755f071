import time

import pytest

from handler.timings import Timings, part


def test_the_stages_are_the_whole_and_the_parts_lie_in_predict() -> None:
    start = time.perf_counter()
    timings = Timings()
    timings.mark("decode")
    part("letterbox")
    time.sleep(0.01)
    part("forward")
    timings.mark("predict")
    timings.mark("encode")
    whole = time.perf_counter() - start
    assert list(timings.stages) == ["decode", "predict", "encode"]
    assert list(timings.parts) == ["letterbox", "forward"]
    assert 0.01 <= timings.parts["forward"] <= timings.stages["predict"] <= timings.total <= whole
    assert timings.total == pytest.approx(sum(timings.stages.values()))


def test_the_line_has_each_stage_part_and_the_total() -> None:
    timings = Timings()
    part("forward")
    timings.mark("predict")
    names = [word.partition("=")[0] for word in str(timings).split()]
    assert names == ["predict", "predict.forward", "total"]


def test_a_part_that_comes_again_is_added() -> None:
    timings = Timings()
    for _ in range(2):
        time.sleep(0.01)
        part("forward")
    assert timings.parts["forward"] >= 0.02
