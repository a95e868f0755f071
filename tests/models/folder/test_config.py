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
    """
    assert read(tmp_path, text) == {
        "task": "pose",
        "class_thresholds": {"6": 0.5, "car": 1.0},
        "label_types": {"6": "polygon"},
        "keypoints": ("wrist", "2"),
        "skeleton": (("wrist", "2"),),
        "top_k": 3,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("treshold: 0.5", "unknown key 'treshold'. Did you mean 'threshold'"),
        ("class_thresholds: 0.5", "class_thresholds is 0.5, not a table from class names to"),
        ("class_thresholds: {car: 2}", "a table from class names to a number from 0 to 1"),
        ("label_types: {car: box}", "one of ellipse, mask, points, polygon"),
        ("task: detection", "task is 'detection', not one of detect, obb, segment"),
        ("keypoints: wrist", "keypoints is 'wrist', not a list of names"),
        ("skeleton: [wrist, tip]", "not a list of pairs"),
        ("- a", "not a table of keys and values"),
        ("a: [", "is not YAML"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        read(tmp_path, text)
