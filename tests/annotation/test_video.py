"""The frames of a small video, as PyAV decodes them one after the other."""

import struct
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
    found = [(number, read()) for number, read in video.frames(clip, 1, 10**8)]
    assert [number for number, _ in found] == list(range(LENGTH))
    for (_, picture), theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(picture, theirs)


def test_each_third_frame_keeps_its_number(clip: Path) -> None:
    assert [number for number, _ in video.frames(clip, 3, 10**8)] == [0, 3, 6]
    assert video.length(clip) == LENGTH


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_video_is_turned_as_its_header_says(clip: Path, tmp_path: Path, degrees: int) -> None:
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(shown_turned(clip.read_bytes(), degrees))
    with av.open(str(turned)) as container:
        frame = next(container.decode(video=0))
    _, read = next(video.frames(turned, 1, 10**8))
    pixels = frame.to_ndarray(format="bgr24")
    np.testing.assert_array_equal(read(), np.rot90(pixels, -degrees // 90))

    # CVAT turns by OpenCV's matrix, whose angles count against the clock.
    matrix = cv2.getRotationMatrix2D((0, 0), frame.rotation, 1)[:, :2]
    right, down = matrix @ (1, 0), matrix @ (0, 1)
    clockwise = np.radians(degrees)
    np.testing.assert_allclose(right, (np.cos(clockwise), np.sin(clockwise)), atol=1e-6)
    np.testing.assert_allclose(down, (-np.sin(clockwise), np.cos(clockwise)), atol=1e-6)


def shown_turned(mp4: bytes, degrees: int) -> bytes:
    """Return an MP4 to be shown turned clockwise: the matrix of its `tkhd` (ISO 14496-12)."""

    def matrix(*values: float) -> bytes:
        a, b, c, d = (round(value * 2**16) for value in values)
        return struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 2**30)

    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    before, after = matrix(1, 0, 0, 1), matrix(cosine, sine, -sine, cosine)
    header = mp4.index(b"tkhd")
    assert before in mp4[header : header + 100]
    return mp4[:header] + mp4[header:].replace(before, after, 1)


def test_a_frame_of_too_many_pixels_is_refused(clip: Path) -> None:
    with pytest.raises(RequestError, match="320x240 pixels, more than the limit of 1000"):
        list(video.frames(clip, 1, 1000))


def test_what_is_no_video_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(RequestError, match="cannot be read as a video"):
        list(video.frames(path, 1, 10**8))
    assert video.length(path) == 0
