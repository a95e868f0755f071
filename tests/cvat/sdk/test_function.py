"""The function through cvat-sdk's own driver and client."""

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cvat_sdk.auto_annotation as cvataa
import pytest
from cvat_cli._internal.common import FunctionLoader
from cvat_sdk.core.client import AccessTokenCredentials, Client, Config
from cvat_sdk.masks import decode_mask
from PIL import Image

from handler.cvat.sdk import create
from handler.cvat.sdk.function import Function
from handler.errors import SettingsError
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES
from tests.cvat_server import TOKEN, Server, Task, label, running


def _png(path: Path) -> bytes:
    """Return a picture as PNG: of a JPEG Pillow, which the driver uses, has pixels of its own."""
    stream = io.BytesIO()
    Image.open(path).reduce(2).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


PICTURES = [(path.name, _png(path)) for path in EXAMPLES[:2]]
ARCHITECTURES = {
    "detect": "yolov8n",
    "obb": "yolov8n-obb",
    "segment": "yolov8n-seg",
    "pose": "yolov8n-pose",
    "classify": "yolov8n-cls",
}


@pytest.fixture(scope="module")
def services(model_of: Callable[[str], Path]) -> Callable[[str], Service]:
    loaded: dict[str, Service] = {}

    def service(task: str) -> Service:
        if task not in loaded:
            folder = model_of(ARCHITECTURES[task])
            (folder / "model.yaml").write_text("score_attribute: score\nmax_detections: 20\n")
            loaded[task] = Service.load(Settings(weights=folder, image_size=320))
        return loaded[task]

    return service


@pytest.fixture
def server() -> Iterator[Server]:
    with running({}) as double:
        yield double


def annotate(
    server: Server, function: Function, tmp_path: Path, **options: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the shapes and tags that the driver uploads."""
    client = Client(server.url, config=Config(cache_dir=tmp_path))
    client.login(AccessTokenCredentials(TOKEN))
    with client:
        cvataa.annotate_task(client, 1, function, **options)
    return server.tasks[1].shapes, server.tasks[1].tags


def labels_for(service: Service, types: dict[str, str]) -> list[dict[str, Any]]:
    return [
        label(each.name, number, types.get(each.type, each.type), each.keypoints, each.attributes)
        for number, each in enumerate(service.labels, start=10)
    ]


@pytest.mark.parametrize("polygons", [False, True])
@pytest.mark.parametrize("task", list(ARCHITECTURES))
def test_the_driver_takes_what_nuclio_would_get(
    services: Callable[[str], Service], server: Server, tmp_path: Path, task: str, polygons: bool
) -> None:
    service = services(task)
    types = {"mask": "polygon"} if polygons else {}
    server.tasks[1] = Task(labels_for(service, types), PICTURES)
    threshold = 0.0 if task == "classify" else 0.3
    shapes, tags = annotate(
        server,
        Function(service),
        tmp_path,
        conf_threshold=threshold,
        conv_mask_to_poly=polygons,
    )
    found: list[dict[str, Any]] = sorted(shapes + tags, key=lambda each: int(each["frame"]))
    expected = [
        (frame, shape)
        for frame, (_, encoded) in enumerate(PICTURES)
        for shape in service.annotate(encoded, threshold)[1]
    ]
    assert len(expected) >= 2
    if polygons and task == "segment":
        assert {each["type"] for each in found} == {"polygon"}
        assert len(found) >= len(expected)
        return
    assert len(found) == len(expected)
    names = {each["id"]: each["name"] for each in server.tasks[1].labels}
    for each, (frame, shape) in zip(found, expected, strict=True):
        assert each["frame"] == frame
        assert names[each["label_id"]] == shape["label"]
        assert each.get("type", "tag") == shape["type"]
        scores = [attribute["value"] for attribute in shape["attributes"]]
        assert [attribute["value"] for attribute in each["attributes"]] == scores
        assert task == "classify" or each["score"] == shape["confidence"]
        assert each.get("rotation", 0) == shape.get("rotation", 0)
        if task == "segment":
            height, width = Image.open(io.BytesIO(PICTURES[frame][1])).size[::-1]
            mask = decode_mask(each["points"], image_width=width, image_height=height)
            *pixels, left, top, right, bottom = shape["mask"].tolist()
            cut = mask[top : bottom + 1, left : right + 1]
            assert cut.ravel().tolist() == [bool(pixel) for pixel in pixels]
            assert mask.sum() == sum(pixels)
        elif task == "pose":
            ours = [(tuple(e["points"]), e["outside"]) for e in shape["elements"]]
            theirs = [(tuple(e["points"]), e["outside"]) for e in each["elements"]]
            assert theirs == ours
        elif task != "classify":
            assert each["points"] == shape["points"]


def test_any_type_fits_a_task_without_types(demo: Service, server: Server, tmp_path: Path) -> None:
    server.tasks[1] = Task(
        [label(name, 3 + i) for i, name in enumerate(demo.model.classes)], PICTURES
    )
    for typed in (True, False):
        assert annotate(server, Function(demo, typed=typed), tmp_path)[0]


def test_a_task_of_another_type_is_refused_before_the_first_picture(
    demo: Service, server: Server, tmp_path: Path
) -> None:
    labels = [label(name, i, "polygon") for i, name in enumerate(demo.model.classes)]
    server.tasks[1] = Task(labels, PICTURES)
    with pytest.raises(cvataa.BadFunctionError, match="has type 'rectangle' in the function"):
        annotate(server, Function(demo), tmp_path)


def test_the_threshold_is_the_drivers_or_the_models(
    demo: Service, server: Server, tmp_path: Path
) -> None:
    labels = [label(name, i, "rectangle") for i, name in enumerate(demo.model.classes)]
    counts = []
    for threshold in (0.0, None, 0.9, 1.0):
        server.tasks[1] = Task(labels, PICTURES)
        shapes, _ = annotate(server, Function(demo), tmp_path, conf_threshold=threshold)
        counts.append(len(shapes))
    expected = [len(demo.annotate(each)[1]) for _, each in PICTURES]
    assert counts[1] == sum(expected)
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 4


def test_parts_of_an_object_share_a_group_that_no_other_has(
    services: Callable[[str], Service], server: Server, tmp_path: Path
) -> None:
    service = services("segment")
    server.tasks[1] = Task(labels_for(service, {"mask": "any"}), PICTURES)
    shapes, _ = annotate(server, Function(service), tmp_path, conv_mask_to_poly=True)
    groups = [
        (each["frame"], each["label_id"], each["group"]) for each in shapes if each.get("group")
    ]
    numbers = [group for _, _, group in groups]
    assert numbers
    assert all(numbers.count(number) > 1 for number in numbers)
    assert len(set(groups)) == len(set(numbers))


class _Context:
    frame_name = "bad.png"
    conf_threshold = None
    conv_mask_to_poly = False


def test_a_picture_that_fails_is_logged_and_gets_nothing(
    demo: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = Function(demo)
    good = Image.open(EXAMPLES[0])
    with monkeypatch.context() as patch:
        patch.setattr(demo, "max_pixels", 100)
        assert function.detect(_Context, good) == []
    with monkeypatch.context() as patch:
        patch.setattr(demo.model, "predict", lambda *_: 1 / 0)
        assert function.detect(_Context, good) == []
    messages = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(messages) == 2
    assert all(message.startswith("bad.png gets no annotations") for message in messages)
    assert "ZeroDivisionError" in messages[1]
    assert function.detect(_Context, good)


def test_pictures_are_seen_as_cvat_shows_them(demo: Service) -> None:
    function = Function(demo)
    upright = function.detect(_Context, Image.open(EXAMPLES[0]))
    image = Image.open(EXAMPLES[0])
    turned = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    turned.save(stream, "PNG", exif=exif)
    found = function.detect(_Context, Image.open(stream))
    assert [each.points for each in found] == [each.points for each in upright]
    for mode in ("L", "P", "RGBA", "CMYK", "LA"):
        assert function.detect(_Context, image.convert(mode)), mode


def test_create_loads_a_folder_for_cvat_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    function = create(weights=str(DEMO))
    assert [each.name for each in function.spec.labels][:2] == ["zero", "one"]
    assert {each.type for each in function.spec.labels} == {"rectangle"}
    monkeypatch.setenv("ANNOTATE_WEIGHTS", str(DEMO))
    assert {each.type for each in create(types="any").spec.labels} == {"any"}
    with pytest.raises(SettingsError, match="types is 'all', not one of named, any"):
        create(types="all")


def test_cvat_cli_finds_it() -> None:
    loaded = FunctionLoader("handler.cvat.sdk", None, {"weights": str(DEMO)}).load()
    assert isinstance(loaded, Function)
    assert loaded.detect(_Context, Image.open(EXAMPLES[0]))
