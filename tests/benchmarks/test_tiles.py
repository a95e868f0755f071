from pathlib import Path

import cv2
import numpy as np

from benchmarks.tiles import Answer, in_turn, page, rows
from handler.detection.detections import Detections


def found(score: float) -> Detections:
    return Detections(
        np.array([[1, 2, 30, 40]], np.float32), np.array([score], np.float32), np.array([1])
    )


def test_the_page_has_the_size_that_is_asked_for(tmp_path: Path) -> None:
    picture = cv2.imread(str(page(tmp_path / "page.jpg", 800, 600)))
    assert picture is not None
    assert picture.shape == (600, 800, 3)


def test_all_take_turns(tmp_path: Path) -> None:
    asked: list[str] = []

    def answering(name: str) -> Detections:
        asked.append(name)
        return found(0.5)

    contenders = {name: lambda _, name=name: answering(name) for name in ("SAHI", "ours")}
    taken = in_turn(contenders, tmp_path, 2)
    assert asked == ["SAHI", "ours"] * 3
    assert [len(answers) for answers in taken.values()] == [2, 2]


def test_a_row_has_both_ratios_and_what_differs() -> None:
    taken = {
        "SAHI, best.pt": [Answer(found(0.5), 4.0, 6.0)],
        "SAHI, OpenVINO": [Answer(found(0.6), 1.0, 2.0)],
        "ours": [Answer(found(0.5), 0.5, 1.0)],
    }
    assert rows(taken)[2:] == [
        "| SAHI, best.pt | 4.00, ours 0.50 | 8.00 | 6.00, ours 1.00 | 6.00 | 7 | yes |",
        "| SAHI, OpenVINO | 1.00, ours 0.50 | 2.00 | 2.00, ours 1.00 | 2.00 | 1.8 | 1 differ |",
    ]
