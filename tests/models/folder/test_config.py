from pathlib import Path
from typing import Any

import pytest

from handler.errors import SettingsError
from handler.models.folder.config import read_config


def read(folder: Path, text: str) -> dict[str, Any]:
    (folder / "model.yaml").write_text(text)
    return read_config(folder / "model.yaml")


def test_without_a_file_nothing_is_said(tmp_path: Path) -> None:
    assert read_config(tmp_path / "model.yaml") == {}


def test_keys_are_read_as_their_kind(tmp_path: Path) -> None:
    text = """
        task: pose
        class_thresholds: {6: 0.5, car: 1}
        label_types: {6: polygon}
        keypoints: [wrist, 2]
        skeleton: [[wrist, 2]]
        top_k: 3
        tile: {size: [480, 640], overlap: 0, whole: false, merge: none}
    """
    assert read(tmp_path, text) == {
        "task": "pose",
        "class_thresholds": {"6": 0.5, "car": 1.0},
        "label_types": {"6": "polygon"},
        "keypoints": ("wrist", "2"),
        "skeleton": (("wrist", "2"),),
        "top_k": 3,
        "tile": {"size": [480, 640], "overlap": 0, "whole": False, "merge": "none"},
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("treshold: 0.5", "unknown key 'treshold'. Did you mean 'threshold'"),
        ("class_thresholds: 0.5", "class_thresholds is 0.5, not a table from class names to"),
        ("class_thresholds: {car: 2}", "a table from class names to a number from 0 to 1"),
        ("label_types: {car: box}", "one of ellipse, mask, points, polygon"),
        ("task: detection", "task is 'detection', not one of detect, obb, segment"),
        ("tile: {sise: 640}", "tile: unknown key 'sise'. Did you mean 'size'"),
        ("tile: {overlap: 1}", "tile: overlap is 1, not a number from 0 to 0.9"),
        ("tile: {size: 10}", "tile: size is 10, not auto, a number of at least 32, or two"),
        ("tile: {size: [640, 640, 3]}", r"tile: size is \[640, 640, 3\], not auto"),
        ("tile: {merge: wbf}", "tile: merge is 'wbf', not one of greedy, nms, none"),
        ("tile: {threshold: 2}", "tile: threshold is 2, not a number from 0 to 1"),
        ("tile: large", "tile: size is 'large', not auto"),
        ("tile: true", "tile is True, not false, auto, a size"),
        ("tile:", "tile is None, not false, auto, a size"),
        ("keypoints: wrist", "keypoints is 'wrist', not a list of names"),
        ("skeleton: [wrist, tip]", "not a list of pairs"),
        ("- a", "not a table of keys and values"),
        ("a: [", "is not YAML"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        read(tmp_path, text)
