"""The best handler answers as ours does from the same network, which ultralytics exported."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import nuclio_sdk
import pytest

from benchmarks import best
from benchmarks.contest import threshold_among
from benchmarks.pictures import jpeg
from handler.bench.replies import differences_of
from handler.service import Service
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import body_of

PICTURE = jpeg(PHOTOGRAPHS[0], 320, 240)


def test_it_answers_as_ours(
    export_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = export_of("yolov8n", "openvino", dynamic=False)
    monkeypatch.setenv("WEIGHTS", str(weights))
    monkeypatch.setenv("TASK", "detect")
    context = nuclio_sdk.Context(nuclio_sdk.Logger(logging.WARNING))
    best.init_context(context)
    service = Service.load(Settings(weights=weights, precision="f32"))
    scores = [0.0]
    for _ in range(2):  # first to find the threshold
        asked = body_of(PICTURE, threshold=threshold_among(scores) if scores[1:] else 0.001)
        event = nuclio_sdk.Event(body=json.loads(asked))
        theirs = json.loads(best.handler(context, event).body)
        scores = sorted((float(shape["confidence"]) for shape in theirs), reverse=True)
    ours = json.loads(service.answer(asked).body)
    assert len(theirs) > 1
    assert differences_of(theirs, ours) == []
