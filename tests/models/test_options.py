from handler.models.options import Options
from handler.settings import Settings


def test_the_defaults_are_ultralytics_own() -> None:
    from ultralytics.utils import DEFAULT_CFG

    options = Options.merge(Settings(), {})
    assert options.iou == DEFAULT_CFG.iou
    assert options.max_detections == DEFAULT_CFG.max_det
    assert options.agnostic_nms is DEFAULT_CFG.agnostic_nms
    assert options.threshold == 0.25  # Model.predict's, where the configuration has none


def test_the_environment_goes_over_model_yaml_over_the_defaults() -> None:
    options = Options.merge(Settings(threshold=0.6), {"threshold": 0.4, "iou": 0.5, "name": "x"})
    assert options == Options(threshold=0.6, iou=0.5)
