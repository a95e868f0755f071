import numpy as np
import pytest

from handler.models.folder.options import Options
from handler.pictures.tiles import Tiling
from handler.settings import Settings

CLASSES = ("car", "bus", "car")


def test_the_environment_goes_over_model_yaml_over_the_defaults() -> None:
    config = {"threshold": 0.4, "iou": 0.5, "name": "x", "class_thresholds": {"car": 0.1}}
    options = Options.merge(Settings(threshold=0.6), config)
    assert options == Options(threshold=0.6, iou=0.5, class_thresholds={"car": 0.1})


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        (None, [0.7, 0.4, 0.7]),
        (0.5, [0.7, 0.5, 0.7]),
        (0.9, [0.9, 0.9, 0.9]),
        (0.01, [0.7, 0.01, 0.7]),
    ],
)
def test_a_class_keeps_its_own_threshold(requested: float | None, expected: list[float]) -> None:
    options = Options(threshold=0.4, class_thresholds={"car": 0.7})
    np.testing.assert_allclose(options.limits(CLASSES, requested), expected)


def test_a_class_can_be_reported_below_the_model_s_threshold() -> None:
    options = Options(threshold=0.4, class_thresholds={"bus": 0.1})
    np.testing.assert_allclose(options.limits(CLASSES, None), [0.4, 0.1, 0.4])


@pytest.mark.parametrize(
    ("variable", "config", "expected"),
    [
        (None, None, None),
        (None, {"overlap": 0.3}, Tiling(overlap=0.3)),
        (None, False, None),
        ("640", None, Tiling(size=(640, 640))),
        ("auto", {"size": [320, 320], "merge": "nms"}, Tiling(merge="nms")),
        ("{size: [480, 640], whole: false}", False, Tiling(size=(480, 640), whole=False)),
        ("{whole: no}", {"size": [320, 320]}, Tiling(size=(320, 320), whole=False)),
        ("false", {"size": [320, 320]}, None),
    ],
)
def test_tiles_are_chosen_key_by_key(
    variable: str | None, config: object, expected: Tiling | None
) -> None:
    environment = {} if variable is None else {"ANNOTATE_TILE": variable}
    settings = Settings.from_environment(environment)
    assert Settings.from_environment(settings.to_environment()) == settings
    options = Options.merge(settings, {} if config is None else {"tile": config})
    assert options.tile == expected
