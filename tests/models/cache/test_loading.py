"""A .pt is exported at the first start, kept, and answered without torch from then on."""

import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from handler.detection.agreement import differences
from handler.errors import WeightsError
from handler.models.cache.entry import ATTEMPTS, CacheError, ExportError
from handler.pictures import decoding
from handler.service import Service
from handler.settings import Settings
from tests.conftest import DEMO, EXAMPLES

PICTURES = [decoding.decode(path.read_bytes(), 10**8) for path in EXAMPLES]
START = """
import sys
from handler.logs import log_to
from handler.service import Service
from handler.settings import Settings

log_to()
service = Service.load(Settings.from_environment())
print("with torch" if "torch" in sys.modules else "without torch")
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the demo's export."""
    cache = tmp_path_factory.mktemp("filled")
    Service.load(Settings(weights=DEMO, cache=cache))
    return cache


@pytest.fixture
def cache(filled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(filled, tmp_path / "cache")


def entry_of(cache: Path) -> Path:
    (sums,) = cache.glob("*/sha256sums")
    return sums.parent


def start(cache: Path, **settings: str) -> subprocess.Popen[str]:
    """Start a process that loads the demo as a function does, in a group of its own."""
    variables = {"ANNOTATE_WEIGHTS": str(DEMO), "ANNOTATE_CACHE": str(cache), **settings}
    return subprocess.Popen(
        [sys.executable, "-c", START],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    deadline = time.monotonic() + 120
    while not (found := condition()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def assert_same_answers(service: Service) -> None:
    torch_s = Service.load(Settings(weights=DEMO, engine="torch"))
    for picture in PICTURES:
        expected = torch_s.model.predict(picture, 0.25)
        assert len(expected) > 0
        assert not list(differences(expected, service.model.predict(picture, 0.25)))


def test_it_answers_from_the_cache_as_torch_does(cache: Path) -> None:
    service = Service.load(Settings(weights=DEMO, cache=cache))
    assert service.model.versions.keys() == {"openvino"}
    assert service.folder.weights == DEMO / "best.pt"
    assert_same_answers(service)


def test_later_starts_are_without_torch_and_leave_the_cache_as_it_is(cache: Path) -> None:
    before = sorted(cache.rglob("*"))
    log = start(cache).communicate()[0]
    assert "without torch" in log
    assert "openvino=" in log
    assert "exporting" not in log
    assert sorted(cache.rglob("*")) == before


def test_a_killed_start_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    killed = start(tmp_path)
    wait_for(lambda: list(tmp_path.glob(".staging-*/*")), killed)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not list(tmp_path.glob("*/sha256sums"))

    log = start(tmp_path).communicate()[0]
    assert "exporting" in log
    assert "without torch" in log
    assert entry_of(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["lock", entry_of(tmp_path).name]
    )


def test_of_two_starts_at_once_one_exports_and_the_other_waits(tmp_path: Path) -> None:
    first, second = start(tmp_path), start(tmp_path)
    logs = [process.communicate()[0] for process in (first, second)]
    assert all("without torch" in log for log in logs), logs
    assert sorted("exporting" in log for log in logs) == [False, True], logs
    assert sorted("waiting for another process" in log for log in logs) == [False, True], logs


def test_an_export_that_is_killed_is_answered_by_torch(tmp_path: Path) -> None:
    process = start(tmp_path)
    exporting = wait_for(lambda: _children(process.pid), process)[0]
    os.kill(exporting, signal.SIGKILL)
    log = process.communicate()[0]
    assert "with torch" in log
    assert "the export was killed by signal 9. Is there too little memory?" in log
    assert not list(tmp_path.glob("*.failed"))


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def test_starts_that_are_killed_again_and_again_end_with_torch(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_of(cache)
    shutil.rmtree(entry)
    entry.with_suffix(".attempts").write_text("begun\n" * ATTEMPTS)
    service = Service.load(Settings(weights=DEMO, cache=cache))
    assert "torch" in service.model.versions
    assert f"{ATTEMPTS} starts were killed while they exported" in caplog.text
    assert entry.with_suffix(".failed").exists()


@pytest.fixture
def frozen(cache: Path) -> Path:
    """A cache that nothing can be exported into: what is not in it is answered by torch."""
    (cache / "lock").unlink()
    (cache / "lock").mkdir()
    return cache


def test_a_damaged_entry_is_not_used(frozen: Path) -> None:
    (weights,) = frozen.rglob("*.bin")
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    assert "torch" in Service.load(Settings(weights=DEMO, cache=frozen)).model.versions
    weights.write_bytes(whole)
    assert "openvino" in Service.load(Settings(weights=DEMO, cache=frozen)).model.versions


def test_other_weights_or_options_are_another_entry(frozen: Path, tmp_path: Path) -> None:
    weights = shutil.copytree(DEMO, tmp_path / "weights")

    def engine(**changes: Any) -> str:
        service = Service.load(Settings(weights=weights, cache=frozen, **changes))
        return next(iter(service.model.versions))

    assert engine() == "openvino"
    assert engine(threshold=0.1, iou=0.5) == "openvino"
    assert engine(image_size=320) == "torch"
    assert engine(precision="f32") == "torch"
    network = torch.load(weights / "best.pt", weights_only=False)
    torch.save({**network, "date": "another"}, weights / "best.pt")
    assert engine() == "torch"


def test_a_model_that_cannot_be_compared_is_answered_by_torch_and_not_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights = _that_find_nothing(tmp_path / "weights")
    (tmp_path / "cache").mkdir()
    settings = Settings(weights=weights, cache=tmp_path / "cache")
    with caplog.at_level(logging.INFO, "auto_annotate"):
        service = Service.load(settings)
    assert "torch" in service.model.versions
    (line,) = [text for text in messages(caplog) if "is answered by torch" in text]
    assert "The original finds nothing on 2 pictures" in line

    caplog.clear()
    with caplog.at_level(logging.INFO, "auto_annotate"):
        service = Service.load(settings)
    assert "torch" in service.model.versions
    assert "exporting" not in caplog.text
    (line,) = [text for text in messages(caplog) if "is answered by torch" in text]
    assert "failed at an earlier start: The original finds nothing" in line
    assert line.endswith(".failed.")

    with pytest.raises(ExportError, match="finds nothing"):
        Service.load(Settings(weights=weights, cache=tmp_path / "cache", engine="openvino"))


def _that_find_nothing(folder: Path) -> Path:
    """Return the demo, whose scores are all 0 now."""
    shutil.copytree(DEMO, folder)
    checkpoint = torch.load(folder / "best.pt", weights_only=False)
    for branch in checkpoint["model"].model[-1].cv3:
        branch[-1].bias.data.fill_(float("-inf"))
    torch.save(checkpoint, folder / "best.pt")
    return folder


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("cache", "reason"),
    [
        ("nowhere", "No such file or directory"),
        ("a file", "Not a directory"),
        (".", "File too large"),
    ],
)
def test_without_a_usable_cache_it_is_answered_by_torch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, cache: str, reason: str
) -> None:
    (tmp_path / "a file").touch()
    settings = Settings(weights=DEMO, cache=tmp_path / cache)
    with largest_file(1_000_000), caplog.at_level(logging.INFO, "auto_annotate"):
        service = Service.load(settings)
    assert "torch" in service.model.versions
    assert "exporting" not in caplog.text
    (line,) = [text for text in messages(caplog) if "is answered by torch" in text]
    assert f"{settings.cache} cannot be used ({reason}" in line
    assert "Mount a folder there" in line
    with pytest.raises(CacheError, match=reason), largest_file(1_000_000):
        Service.load(replace(settings, engine="openvino"))


def test_with_torch_asked_for_nothing_is_exported(tmp_path: Path) -> None:
    service = Service.load(Settings(weights=DEMO, cache=tmp_path, engine="torch"))
    assert "torch" in service.model.versions
    assert list(tmp_path.iterdir()) == []


def test_onnxruntime_is_given_an_export_of_its_own_kind(cache: Path) -> None:
    service = Service.load(Settings(weights=DEMO, cache=cache, engine="onnxruntime"))
    assert service.model.versions.keys() == {"onnxruntime"}
    assert_same_answers(service)


def test_weights_that_cannot_be_used_are_said_to_be_so(tmp_path: Path) -> None:
    weights = shutil.copytree(DEMO, tmp_path / "weights")
    (weights / "classes.txt").write_text("cat\n")
    (tmp_path / "cache").mkdir()
    with pytest.raises(WeightsError, match="cat"):
        Service.load(Settings(weights=weights, cache=tmp_path / "cache"))
    assert not list(tmp_path.glob("cache/*.failed"))


def test_model_yaml_and_the_class_list_are_the_folder_s_own(cache: Path, tmp_path: Path) -> None:
    weights = shutil.copytree(DEMO, tmp_path / "weights")
    (weights / "model.yaml").write_text("family: ultralytics\nlabel_types: {one: ellipse}\n")
    service = Service.load(Settings(weights=weights, cache=cache))
    assert service.model.versions.keys() == {"openvino"}
    assert [label.name for label in service.labels if label.type == "ellipse"] == ["one"]
    (weights / "classes.txt").write_text("cat\n")
    with pytest.raises(WeightsError, match="cat"):
        Service.load(Settings(weights=weights, cache=cache))
