"""Detectors of other repositories: answers laid out as their documents say, read back.

The graphs answer with what is written here, so what is right can be reckoned by hand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from handler.errors import AnnotateError, SettingsError, WeightsError
from handler.models import families
from handler.models.exported import views
from handler.models.folder.model_folder import ModelFolder
from handler.models.folder.options import Options
from handler.settings import Settings
from tests.architectures import PHOTOGRAPHS

SIZE = 64
PICTURE = np.asarray(cv2.resize(np.asarray(cv2.imread(str(PHOTOGRAPHS[0]))), (128, 96)), np.uint8)


def save(
    folder: Path,
    answers: dict[str, NDArray[Any]],
    *,
    layout: str = "",
    classes: Sequence[str] = ("car", "bus"),
    sizes: bool = False,
    **metadata: str,
) -> Path:
    """Write an .onnx that answers with `answers` on any picture, and a model folder around it."""
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIZE, SIZE])
    takes = [image]
    nodes = [helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["sum", "zero"], ["nothing"]))
    constants = [numpy_helper.from_array(np.float32(0), "zero")]
    if sizes:
        takes.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    gives = []
    for name, value in answers.items():
        constants.append(numpy_helper.from_array(value[None], f"{name}_value"))
        if value.dtype == np.float32:
            nodes.append(helper.make_node("Add", [f"{name}_value", "nothing"], [name]))
        else:
            nodes.append(helper.make_node("Identity", [f"{name}_value"], [name]))
        kind = TensorProto.FLOAT if value.dtype == np.float32 else TensorProto.INT64
        gives.append(helper.make_tensor_value_info(name, kind, [1, *value.shape]))
    graph = helper.make_graph(nodes, "detector", takes, gives, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, text in metadata.items():
        model.metadata_props.add(key=key, value=text)
    onnx.save(model, folder / "best.onnx")
    if classes:
        (folder / "classes.txt").write_text("\n".join(classes))
    if layout:
        (folder / "model.yaml").write_text(f"layout: {layout}\n")
    return folder


def load(folder: Path, **options: Any) -> families.Model:
    return families.load(ModelFolder.open(folder), Options(**options), Settings())


def logit(score: float) -> float:
    return float(np.log(score / (1 - score)))


def places() -> NDArray[np.float32]:
    """Return YOLOX's 84 places of a picture of 64 x 64: 8 x 8, 4 x 4 and 2 x 2."""
    rows = np.zeros((84, 7), np.float32)
    rows[:, 4:] = 0.1
    return rows


def yolox(*, raw: bool) -> NDArray[np.float32]:
    """Two boxes that overlap by 0.8, of one class, and a third of another class."""
    rows = places()
    scored = {0: (0.9, (0.8, 0.1)), 9: (0.8, (0.8, 0.1)), 80: (0.5, (0.1, 0.9))}
    boxes = {0: (16, 16, 16, 16), 9: (16, 16, 16, 20), 80: (40, 32, 32, 16)}
    origins = {0: (0, 0, 8), 9: (1, 1, 8), 80: (0, 0, 32)}
    for place in range(84):
        stride = 8 if place < 64 else 16 if place < 80 else 32
        x, y, w, h = boxes.get(place, (32, 32, stride, stride))
        if raw:
            left, top, stride = origins.get(place, (32 // stride, 32 // stride, stride))
            rows[place, :4] = (
                x / stride - left,
                y / stride - top,
                np.log(w / stride),
                np.log(h / stride),
            )
        else:
            rows[place, :4] = x, y, w, h
        if place in scored:
            rows[place, 4], rows[place, 5:] = scored[place]
    return rows


@pytest.mark.parametrize("raw", [False, True], ids=["decoded", "raw"])
def test_yolox_is_decoded_and_suppressed(tmp_path: Path, raw: bool) -> None:
    found = load(save(tmp_path, {"output": yolox(raw=raw)}, layout="yolox")).predict(PICTURE, 0.3)
    # The network sees the picture at half its size, in the corner.
    np.testing.assert_allclose(found.boxes, [[16, 16, 48, 48], [48, 48, 112, 80]], atol=1e-3)
    np.testing.assert_allclose(found.scores, [0.72, 0.45], atol=1e-6)
    assert found.classes.tolist() == [0, 1]


def test_the_options_of_suppression_are_honoured(tmp_path: Path) -> None:
    folder = save(tmp_path, {"output": yolox(raw=False)}, layout="yolox")
    assert len(load(folder, iou=0.9).predict(PICTURE, 0.3)) == 3
    assert len(load(folder, max_detections=1).predict(PICTURE, 0.3)) == 1
    assert load(folder).without == {"top_k"}


BOXES = np.array([[0.5, 0.5, 0.5, 0.5], [0.25, 0.25, 0.2, 0.1]], np.float32)
SCORES = ((0.9, 0.4), (0.05, 0.7))


def logits(spare: int = 0) -> NDArray[np.float32]:
    return np.array([[*map(logit, row), *[-9.0] * spare] for row in SCORES], np.float32)


@pytest.mark.parametrize(
    ("answers", "layout", "title"),
    [
        ({"dets": BOXES, "labels": logits(1)}, "", "RF-DETR"),
        ({"dets": BOXES, "labels": logits()}, "rfdetr", "RF-DETR"),
        ({"pred_logits": logits(), "pred_boxes": BOXES}, "dfine", "D-FINE"),
        ({"pred_boxes": BOXES, "pred_logits": logits()}, "rtdetrv2", "RT-DETRv2"),
    ],
)
def test_pairs_of_query_and_class_are_ranked(
    tmp_path: Path, answers: dict[str, NDArray[Any]], layout: str, title: str
) -> None:
    model = load(save(tmp_path, answers, layout=layout))
    assert model.description == f"{title} detector"
    assert {"iou", "agnostic_nms"} <= model.without
    found = model.predict(PICTURE, 0.3)
    np.testing.assert_allclose(found.scores, [0.9, 0.7, 0.4], atol=1e-5)
    assert found.classes.tolist() == [0, 1, 1]
    first, second = [32.0, 24.0, 96.0, 72.0], [19.2, 19.2, 44.8, 28.8]
    np.testing.assert_allclose(found.boxes, [first, second, first], atol=1e-3)


def test_objects_of_a_graph_that_is_told_the_picture_s_size_are_taken(tmp_path: Path) -> None:
    answers: dict[str, NDArray[Any]] = {
        "labels": np.array([1, 0, 1], np.int64),
        "boxes": np.array([[1, 2, 30, 40], [5, 6, 70, 80], [0, 0, 1, 1]], np.float32),
        "scores": np.array([0.5, 0.9, 0.1], np.float32),
    }
    found = load(save(tmp_path, answers, sizes=True)).predict(PICTURE, 0.3)
    assert found.classes.tolist() == [0, 1]
    assert found.boxes.tolist() == [[5, 6, 70, 80], [1, 2, 30, 40]]


def test_a_file_of_libreyolo_says_its_family_and_names(tmp_path: Path) -> None:
    names = '{"0": "car", "1": "bus"}'
    answers = {"pred_logits": logits(), "pred_boxes": BOXES}
    save(tmp_path, answers, classes=(), model_family="dfine", names=names, task="detect")
    model = load(tmp_path)
    assert (model.description, model.classes) == ("D-FINE detector", ("car", "bus"))


@pytest.mark.parametrize(("family", "task"), [("yolo9", "detect"), ("dfine", "obb")])
def test_what_has_no_decoder_is_refused_by_its_name(tmp_path: Path, family: str, task: str) -> None:
    save(tmp_path, {"output": yolox(raw=False)}, model_family=family, task=task)
    with pytest.raises(WeightsError, match=f"is a {family} for the task {task}.*yolox, rfdetr"):
        load(tmp_path)


def test_an_unknown_graph_is_told_what_to_write(tmp_path: Path) -> None:
    save(tmp_path, {"output": yolox(raw=False)})
    with pytest.raises(WeightsError, match=r"write `layout: yolox` in model\.yaml"):
        load(tmp_path)
    (tmp_path / "model.yaml").write_text("layout: yolo\n")
    with pytest.raises(SettingsError, match="layout is 'yolo', not one of yolox, rfdetr"):
        load(tmp_path)
    (tmp_path / "model.yaml").write_text("layout: dfine\n")
    with pytest.raises(WeightsError, match=r"not the layout of D-FINE.* Correct `layout`"):
        load(tmp_path)


def test_the_names_have_to_be_as_many_as_the_classes(tmp_path: Path) -> None:
    save(tmp_path, {"output": yolox(raw=False)}, layout="yolox", classes=())
    with pytest.raises(AnnotateError, match=r"no class names.* 2 lines"):
        load(tmp_path)
    (tmp_path / "classes.txt").write_text("car\nbus\nvan")
    with pytest.raises(AnnotateError, match="3 classes, the weights have 2"):
        load(tmp_path)


def test_pictures_are_shown_as_each_library_shows_them() -> None:
    cornered = views.in_the_corner(PICTURE, SIZE, SIZE)
    assert cornered.numbers.shape == (1, 3, SIZE, SIZE)
    half = np.asarray(cv2.resize(PICTURE, (64, 48)), np.float32)
    np.testing.assert_array_equal(cornered.numbers[0, :, :48].transpose(1, 2, 0), half)
    assert (cornered.numbers[0, :, 48:] == 114).all()
    red_first = views.stretched(PICTURE, SIZE, SIZE).numbers[0].transpose(1, 2, 0)
    expected = np.asarray(cv2.resize(PICTURE, (SIZE, SIZE)), np.float32)[..., ::-1] / 255
    np.testing.assert_allclose(red_first, expected, atol=1e-6)
    normalised = views.stretched_and_normalised(PICTURE, SIZE, SIZE).numbers[0]
    restored = normalised.transpose(1, 2, 0) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
    np.testing.assert_allclose(restored, expected, atol=1 / 255)
