"""Large pictures answered by tiles: by plugins, by the demo model beside SAHI."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sahi import AutoDetectionModel
from sahi.models.base import DetectionModel
from sahi.predict import get_sliced_prediction
from sahi.prediction import ObjectPrediction
from sahi.utils.cv import get_coco_segmentation_from_bool_mask

from examples.digit_pictures import Scene, compose, digit_pools
from handler.detection.agreement import differences
from handler.detection.detections import Detections, Mask
from handler.errors import SettingsError
from handler.models.families import OfMany
from handler.models.folder.options import Options
from handler.models.tiled import with_tiles
from handler.pictures.decoding import Picture
from handler.pictures.tiles import Tiling
from handler.progress import shown_by
from handler.service import Service
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS
from tests.conftest import DEMO


class Blobs:
    """Finds what is bright, exactly; scores what it sees more of higher."""

    classes: tuple[str, ...] = ("blob",)
    description = "finder of blobs"
    keypoints: tuple[str, ...] = ("middle",)
    versions: dict[str, str] = {}  # noqa: RUF012
    without: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()

    def __init__(self, task: str = "detect", image_size: tuple[int, int] | None = None) -> None:
        self.task = task
        self.image_size = image_size
        self.shapes: list[tuple[int, ...]] = []

    def predict(self, picture: Picture, threshold: float) -> Detections:
        self.shapes.append(picture.shape)
        _, labels, stats, centres = cv2.connectedComponentsWithStats(picture[..., 0] // 128)
        x, y, width, height, area = stats[1:].T
        found = Detections(
            np.stack([x, y, x + width, y + height], axis=1).astype(np.float32),
            (0.5 + 0.4 * area / (area + 1000)).astype(np.float32),
            np.zeros(len(x), np.int64),
            angles=np.zeros(len(x), np.float32) if self.task == "obb" else None,
            masks=[Mask.of(labels == number) for number in range(1, len(x) + 1)]
            if self.task == "segment"
            else None,
            keypoints=np.insert(centres[1:, None], 2, 0.9, axis=2).astype(np.float32)
            if self.task == "pose"
            else None,
        )
        return found.where(found.scores >= threshold)


def tiled(model: Any, **chosen: Any) -> Any:
    usual: dict[str, Any] = {"size": (64, 64), "above": 64, "whole": False}
    tiling = Tiling(**(usual | chosen))
    return with_tiles(model, Options(tile=tiling))


def drawn(width: int, height: int, boxes: Sequence[Sequence[int]]) -> Picture:
    picture = np.zeros((height, width, 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        picture[y1:y2, x1:x2] = 255
    return picture


def sorted_boxes(boxes: Any) -> list[list[float]]:
    return sorted(np.asarray(boxes, np.float32).reshape(-1, 4).tolist())


@st.composite
def scattered(draw: st.DrawFn) -> tuple[int, int, list[list[int]]]:
    """A size, and squares on a picture of it that do not touch; some on seams and corners."""
    width, height = draw(st.integers(65, 400)), draw(st.integers(65, 400))
    seam = st.sampled_from([0, 52, 64, 104, 116, 156])
    place = st.one_of(st.integers(0, 390), st.builds(lambda a, b: a + b, seam, st.integers(-9, 2)))
    boxes: list[list[int]] = []
    for _ in range(draw(st.integers(0, 12))):
        side = draw(st.integers(3, 12))
        x, y = max(0, draw(place)), max(0, draw(place))
        clear = all(
            x > b[2] + 1 or x + side + 1 < b[0] or y > b[3] + 1 or y + side + 1 < b[1]
            for b in boxes
        )
        if clear and x + side <= width and y + side <= height:
            boxes.append([x, y, x + side, y + side])
    return width, height, boxes


@pytest.mark.parametrize("task", ["detect", "obb", "segment", "pose"])
@hypothesis.settings(max_examples=60)
@given(scattered(), st.sampled_from(["ios", "iou"]), st.booleans())
def test_objects_anywhere_are_found_once(
    task: str, scene: tuple[int, int, list[list[int]]], metric: str, whole: bool
) -> None:
    width, height, boxes = scene
    model = tiled(Blobs(task), metric=metric, whole=whole)
    found = model.predict(drawn(width, height, boxes), 0.1)
    assert sorted_boxes(found.boxes) == sorted_boxes(boxes)
    if task == "segment":
        areas = sorted(int(mask.pixels.sum()) for mask in found.masks)
        assert areas == sorted((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in boxes)
    if task == "pose":
        middles = sorted(((x1 + x2 - 1) / 2, (y1 + y2 - 1) / 2) for x1, y1, x2, y2 in boxes)
        assert sorted(map(tuple, found.keypoints[:, 0, :2].tolist())) == middles


@pytest.mark.parametrize("task", ["detect", "obb", "segment"])
@hypothesis.settings(max_examples=40)
@given(st.integers(0, 300), st.integers(0, 200), st.integers(20, 200), st.integers(20, 100))
def test_objects_larger_than_a_tile_are_found_once(
    task: str, x: int, y: int, width: int, height: int
) -> None:
    box = [x, y, x + width, y + height]
    found = tiled(Blobs(task)).predict(drawn(500, 300, [box]), 0.1)
    assert sorted_boxes(found.boxes) == [list(map(float, box))]


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_without_overlap_objects_on_seams_are_one(task: str) -> None:
    found = tiled(Blobs(task), overlap=0.0).predict(drawn(200, 200, [[50, 50, 150, 90]]), 0.1)
    assert found.boxes.tolist() == [[50, 50, 150, 90]]


@pytest.mark.parametrize(
    ("width", "height", "size", "seen"),
    [
        (64, 64, (64, 64), {(64, 64, 3)}),  # not above
        (200, 1, (64, 64), {(1, 64, 3)}),
        (1, 200, (64, 64), {(64, 1, 3)}),
        (200, 100, (500, 500), {(100, 200, 3)}),
        (200, 100, (500, 37), {(100, 37, 3)}),
    ],
)
def test_what_the_model_sees(
    width: int, height: int, size: tuple[int, int], seen: set[tuple[int, ...]]
) -> None:
    model = Blobs()
    tiled(model, size=size).predict(drawn(width, height, []), 0.1)
    assert set(model.shapes) == seen


def test_the_whole_picture_is_seen_last_and_all_steps_are_told() -> None:
    model, steps = Blobs(), []
    with shown_by(lambda done, of: steps.append((done, of))):
        tiled(model, whole=True).predict(drawn(100, 100, []), 0.1)
    assert model.shapes == [(64, 64, 3)] * 4 + [(100, 100, 3)]
    assert steps == [(number, 5) for number in range(1, 6)]


def test_there_are_no_more_objects_than_are_asked_for() -> None:
    boxes = [[x, y, x + 5, y + 5] for x in range(0, 190, 10) for y in range(0, 190, 10)]
    options = Options(tile=Tiling(size=(64, 64), above=64), max_detections=7)
    model: Any = with_tiles(Blobs(), options)
    assert len(model.predict(drawn(200, 200, boxes), 0.1)) == 7


def test_auto_is_the_size_that_the_model_was_trained_at() -> None:
    model = Blobs(image_size=(48, 32))
    tiled(model, size=None).predict(drawn(100, 100, []), 0.1)
    assert set(model.shapes) == {(48, 32, 3)}


def test_what_cannot_be_tiled_is_said() -> None:
    with pytest.raises(SettingsError, match=r"does not say at which size it was trained.* size"):
        tiled(Blobs(), size=None)
    with pytest.raises(SettingsError, match="tile: a classifier tells what a whole picture is"):
        tiled(Blobs("classify"))


class BlobsInSAHI(DetectionModel):  # type: ignore[misc]
    """The same finder as a model of SAHI's."""

    def load_model(self) -> None:
        self.model = Blobs("segment")
        self.category_mapping = {"0": "blob"}

    def perform_inference(self, image: Any) -> None:
        self._original_predictions = self.model.predict(image, 0.1)

    def _create_object_prediction_list_from_original_predictions(
        self, shift_amount_list: Any = None, full_shape_list: Any = None
    ) -> None:
        self._object_prediction_list_per_image = [
            [
                ObjectPrediction(
                    category_id=0,
                    score=each.score,
                    segmentation=get_coco_segmentation_from_bool_mask(
                        each.mask.within(int(each.box[2]), int(each.box[3])).astype(np.uint8)
                    ),
                    shift_amount=shift_amount_list[0],
                    full_shape=full_shape_list[0],
                )
                for each in self._original_predictions
                if each.mask is not None
            ]
        ]


def test_masks_are_joined_as_by_sahi() -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    random = np.random.default_rng(5)
    for x in range(20, 390, 40):
        for y in range(20, 290, 40):
            axes = (int(random.integers(6, 16)), int(random.integers(6, 16)))
            cv2.ellipse(picture, (x, y), axes, int(random.integers(180)), 0, 360, (255,) * 3, -1)
    result = get_sliced_prediction(
        picture, BlobsInSAHI(), 100, 100, 0.4, 0.4, verbose=0, perform_standard_pred=False
    )
    theirs = [each.mask.bool_mask for each in result.object_prediction_list]
    found = tiled(Blobs("segment"), size=(100, 100), overlap=0.4).predict(picture, 0.1)
    assert len(found) == len(theirs) == 70
    for mask in found.masks:
        nearest = max(mask.iou(Mask.of(each)) for each in theirs)
        assert nearest >= 0.99


@pytest.fixture(scope="module")
def page() -> Picture:
    """A large page with small digits on it."""
    scene = Scene(1600, 1200, 40, "paper", heights=(0.02, 0.06), seed=3)
    image, _ = compose(scene, digit_pools()["example"])
    return np.ascontiguousarray(image[..., ::-1])


@pytest.mark.parametrize(
    "chosen", [{}, {"whole": False, "size": [300, 420], "overlap": 0.35, "threshold": 0.3}]
)
def test_the_demo_finds_what_sahi_finds_with_it(page: Picture, chosen: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"size": [320, 320], "overlap": 0.2, "whole": True, "threshold": 0.5}
    tile = usual | chosen
    service = Service.load(Settings(weights=DEMO, tile=tile, device="cpu"))
    detector = AutoDetectionModel.from_pretrained(
        "ultralytics", str(DEMO / "best.pt"), confidence_threshold=0.25, device="cpu"
    )
    result = get_sliced_prediction(
        page[..., ::-1],
        detector,
        *tile["size"],
        tile["overlap"],
        tile["overlap"],
        perform_standard_pred=tile["whole"],
        postprocess_match_threshold=tile["threshold"],
        verbose=0,
    ).object_prediction_list
    theirs = Detections(
        np.array([each.bbox.to_xyxy() for each in result], np.float32),
        np.array([each.score.value for each in result], np.float32),
        np.array([each.category.id for each in result]),
    )
    found = service.detect(page, 0.25)
    assert len(theirs) > 30
    assert list(differences(theirs, found)) == []


def test_the_demo_finds_more_with_tiles_of_its_own_size(page: Picture) -> None:
    without = Service.load(Settings(weights=DEMO, device="cpu")).detect(page)
    service = Service.load(Settings(weights=DEMO, tile={"size": "auto"}, device="cpu"))
    assert service.model.image_size == (320, 320)
    assert len(without) < 30 < len(service.detect(page)) < 50


@pytest.mark.parametrize("task", ["-seg", "-obb", "-pose"])
def test_an_exported_network_answers_many_as_it_answers_one(
    export_of: Callable[..., Path], task: str
) -> None:
    weights = export_of(f"yolov8n{task}", "openvino")
    model: Any = Service.load(Settings(weights=weights, device="cpu")).model
    picture = np.asarray(cv2.imread(str(PHOTOGRAPHS[0])), np.uint8)
    views = [picture[top : top + 320, 100:420] for top in (0, 200, 400)] + [picture[:200]]
    assert issubclass(type(model), OfMany)
    answers = list(model.predict_each(iter(views), 0.25))
    assert sum(map(len, answers)) > 20
    for view, found in zip(views, answers, strict=True):
        assert list(differences(model.predict(view, 0.25), found)) == []
