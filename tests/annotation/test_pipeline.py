from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from handler.annotation import pipeline
from handler.annotation.pipeline import Pipeline
from handler.annotation.results import Results
from handler.annotation.sources import Frame, Source
from handler.annotation.summary import in_words
from handler.detection.detections import Detections
from handler.pictures.decoding import Picture
from handler.service import Service


def frames(read: list[int], count: int) -> Iterator[Frame]:
    source = Source(Path("a.mp4"), Path(), PurePosixPath("a.mp4"))
    for number in range(count):
        read.append(number)

        def picture() -> Picture:
            return np.full((64, 64, 3), 114, np.uint8)

        yield Frame(source, f"a.mp4/{number:06}", number, picture)


def test_a_few_frames_are_under_way_however_many_there_are(demo: Service, tmp_path: Path) -> None:
    read: list[int] = []
    each = Pipeline(demo, Results(tmp_path, "none"), None).annotate(frames(read, 60))
    ahead = [len(read) - taken for taken, _ in enumerate(each)]
    assert max(ahead) <= pipeline.MOST


def test_a_caller_that_stops_leaves_nothing_half_written(demo: Service, tmp_path: Path) -> None:
    read: list[int] = []
    each = Pipeline(demo, Results(tmp_path, "jpg"), None).annotate(frames(read, 60))
    next(each)
    each.close()
    assert len(read) <= pipeline.MOST
    names = [path.name for path in (tmp_path / "a.mp4").iterdir()]
    assert {"000000.jpg", "000000.json"} <= set(names)
    assert not [name for name in names if name.startswith(".")]


def test_a_model_that_fails_on_a_picture_stops_no_other(demo: Service, tmp_path: Path) -> None:
    calls = iter(range(100))

    class Flawed:
        def __getattr__(self, name: str) -> object:
            return getattr(demo.model, name)

        def predict(self, picture: Picture, threshold: float) -> Detections:
            if next(calls) == 0:
                raise ValueError("a wrong shape")
            return demo.model.predict(picture, threshold)

    service = Service.__new__(Service)
    service.__dict__.update(demo.__dict__, model=Flawed())
    each = list(Pipeline(service, Results(tmp_path, "none"), None).annotate(frames([], 3)))
    failures = [annotated.failure for annotated in each if annotated.failure]
    assert len(each) == 3
    assert len(failures) == 1
    assert failures[0].endswith(": the model fails on it (ValueError: a wrong shape).")
    assert [in_words(annotated) for annotated in each if not annotated.failure]
