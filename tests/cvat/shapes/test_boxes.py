import cv2
import numpy as np
import pytest

from handler.cvat.shapes import shapes_of
from handler.detection.corners import corners
from handler.detection.detections import Detections
from handler.detection.labels import Label

WIDTH, HEIGHT = 640, 480


def found(box: tuple[float, ...], angle: float | None = None) -> Detections:
    return Detections(
        boxes=np.array([box], np.float32),
        scores=np.array([0.876543], np.float32),
        classes=np.array([0]),
        angles=None if angle is None else np.array([angle], np.float32),
    )


def shape(box: tuple[float, ...], angle: float | None, kind: str) -> dict[str, object]:
    (only,) = shapes_of(found(box, angle), [Label("car", kind)], WIDTH, HEIGHT)
    return only


def test_an_upright_box_is_clamped_to_the_picture() -> None:
    assert shape((-5, 10.126, 700, 480), None, "rectangle") == {
        "label": "car",
        "type": "rectangle",
        "points": [0, 10.13, 640, 480],
        "confidence": 0.8765,
    }


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "ellipse"])
@pytest.mark.parametrize(
    ("box", "angle"),
    [
        ((-20, 10, -5, 30), None),
        ((10, 10, 10, 30), None),
        ((700, 10, 800, 30), 30),
        ((100, 100, 100, 300), 30),
    ],
)
def test_what_is_not_on_the_picture_is_left_out(
    box: tuple[float, ...], angle: float | None, kind: str
) -> None:
    assert shapes_of(found(box, angle), [Label("car", kind)], WIDTH, HEIGHT) == []


@pytest.mark.parametrize("angle", [*range(-360, 721, 15), -0.001, 359.999, 47.3])
def test_cvat_s_rule_gives_back_the_corners(angle: float) -> None:
    """CVAT turns `points` by `rotation` degrees clockwise about their centre."""
    box = (200.0, 150.0, 320.0, 210.0)
    answer = shape(box, angle, "rectangle")
    rotation = float(str(answer.get("rotation", 0)))
    assert 0 <= rotation < 360
    x1, y1, x2, y2 = np.array(answer["points"], np.float64)
    theirs = cv2.boxPoints((((x1 + x2) / 2, (y1 + y2) / 2), (x2 - x1, y2 - y1), rotation))
    distances = np.linalg.norm(theirs[:, None] - corners(list(box), angle)[None], axis=2)
    assert distances.min(axis=1).max() < 0.5


def test_a_quarter_turn_goes_clockwise_on_the_screen() -> None:
    top_left = corners([0, 0, 4, 2], 90)[0]
    np.testing.assert_allclose(top_left, (3, -1), atol=1e-6)


def test_a_turned_box_keeps_its_centre_at_the_edge() -> None:
    assert shape((-20, 10, 60, 50), 30, "rectangle")["points"] == [-20, 10, 60, 50]


def test_the_polygon_of_a_turned_box_is_cut_at_the_edge() -> None:
    points = np.array(shape((-20, 10, 60, 50), 30, "polygon")["points"]).reshape(-1, 2)
    assert len(points) == 5
    assert points.min() >= 0


def test_the_polygon_of_a_box_goes_round_its_corners() -> None:
    assert shape((10, 20, 30, 40), None, "polygon")["points"] == [10, 20, 30, 20, 30, 40, 10, 40]


def test_an_ellipse_is_its_centre_and_its_radii() -> None:
    answer = shape((10, 20, 50, 40), -10, "ellipse")
    assert (answer["points"], answer["rotation"]) == ([30, 30, 50, 20], 350)
