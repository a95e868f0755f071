"""The naive handler does what it is there for: it answers as ours does, for every task."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import nuclio_sdk
import pytest

from benchmarks import naive
from benchmarks.contest import threshold_among
from benchmarks.pictures import jpeg
from handler.bench.replies import differences_of
from handler.cvat.reply import problems_in
from handler.service import Service
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import body_of

PICTURE = jpeg(PHOTOGRAPHS[0], 320, 240)


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("yolov8n", "rectangle"),
        ("yolov8n-obb", "rectangle"),
        ("yolov8n-seg", "mask"),
        ("yolov8n-pose", "skeleton"),
        ("yolov8n-cls", "tag"),
    ],
)
def test_the_naive_handler_answers_as_ours(
    model_of: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    kind: str,
) -> None:
    weights = model_of(architecture) / "best.pt"
    monkeypatch.setenv("WEIGHTS", str(weights))
    context = nuclio_sdk.Context(nuclio_sdk.Logger(logging.WARNING))
    naive.init_context(context)
    service = Service.load(Settings(weights=weights, engine="torch"))

    def naively(threshold: float) -> list[dict[str, object]]:
        event = nuclio_sdk.Event(body=json.loads(body_of(PICTURE, threshold=threshold)))
        shapes: list[dict[str, object]] = json.loads(naive.handler(context, event).body)
        return shapes

    scores = sorted((float(str(each["confidence"])) for each in naively(0.001)), reverse=True)
    threshold = threshold_among(scores)
    theirs = naively(threshold)
    ours = json.loads(service.answer(body_of(PICTURE, threshold=threshold)).body)
    assert 1 <= len(theirs) <= 30
    assert {shape["type"] for shape in theirs} == {kind}
    assert differences_of(theirs, ours) == []
    assert not list(problems_in(theirs, None, 320, 240))
