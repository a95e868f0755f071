"""The frames of a small video, as PyAV decodes them one after the other."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from handler.annotation import video
from handler.errors import RequestError
from handler.pictures.decoding import decode
from tests.conftest import EXAMPLES

LENGTH = 7


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    photograph = decode(EXAMPLES[0].read_bytes(), 10**8)
    picture = np.asarray(cv2.resize(photograph, (320, 240)), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(LENGTH):
            rolled = np.roll(picture, 20 * number, axis=1)
            frame = av.VideoFrame.from_ndarray(rolled, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_frames_are_numbered_from_0_and_are_pyav_s(clip: Path) -> None:
    with av.open(str(clip)) as container:
        expected = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    found = [(number, read()) for number, read in video.frames(clip, 1)]
    assert [number for number, _ in found] == list(range(LENGTH))
    for (_, picture), theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(picture, theirs)


def test_each_third_frame_keeps_its_number(clip: Path) -> None:
    assert [number for number, _ in video.frames(clip, 3)] == [0, 3, 6]
    assert video.length(clip) == LENGTH


def test_what_is_no_video_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(RequestError, match="cannot be read as a video"):
        list(video.frames(path, 1))
    assert video.length(path) == 0
