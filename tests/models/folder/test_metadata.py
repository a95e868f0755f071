from pathlib import Path

import pytest

from handler.errors import WeightsError
from handler.models.folder.metadata import Metadata, of_openvino

PATH = Path("best.onnx")


def test_the_texts_of_onnx_are_read_as_what_they_stand_for() -> None:
    metadata = Metadata.parse(
        {
            "task": "pose",
            "names": "{0: 'person', 1: '2'}",
            "stride": "32",
            "imgsz": "[384, 640]",
            "kpt_shape": "[2, 3]",
            "kpt_names": "{0: ['left', 'right']}",
            "end2end": "True",
            "args": "{'nms': None}",
        },
        PATH,
    )
    assert metadata.names == {0: "person", 1: "2"}
    assert (metadata.image_size, metadata.stride, metadata.end_to_end) == ((384, 640), 32, True)
    assert (metadata.keypoint_shape, metadata.keypoints) == ((2, 3), ("left", "right"))


def test_yolov5_writes_names_and_stride_alone() -> None:
    metadata = Metadata.parse({"names": "['car', 'bus']", "stride": "64"}, PATH)
    assert (metadata.task, metadata.names, metadata.stride) == (None, ["car", "bus"], 64)
    assert metadata.image_size is None


def test_suppression_in_the_network_is_known_from_its_arguments() -> None:
    assert Metadata.parse({"names": ["car"], "args": {"nms": True}}, PATH).end_to_end


@pytest.mark.parametrize("written", [{"kpt_shape": "[17]"}, {"names": ["a"], "imgsz": "x"}])
def test_what_cannot_be_read_is_said_in_one_line(written: dict[str, str]) -> None:
    with pytest.raises(WeightsError, match=r"The metadata of best\.onnx cannot be read") as caught:
        Metadata.parse(written, PATH)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "does not hold one .xml with its .bin"),
        ({"a.xml": ""}, "does not hold one .xml with its .bin"),
        ({"a.xml": "", "a.bin": ""}, r"has no metadata\.yaml"),
        ({"a.xml": "", "a.bin": "", "metadata.yaml": "{"}, r"metadata\.yaml is not YAML"),
    ],
)
def test_an_openvino_folder_that_lacks_something_says_what(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(WeightsError, match=reason):
        of_openvino(tmp_path)


@pytest.mark.parametrize("args", [{"int8": True}, {"quantize": 8}, {"quantize": 16}, {}])
def test_eight_bits_are_known_by_either_name(args: dict[str, object]) -> None:
    found = Metadata.parse({"names": ["car"], "args": args}, PATH)
    assert found.in_eight_bits == (True in args.values() or 8 in args.values())
