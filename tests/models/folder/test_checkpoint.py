import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from handler.errors import WeightsError
from handler.models.folder.checkpoint import Checkpoint


def test_an_ultralytics_checkpoint_tells_its_classes_and_version(
    model_of: Callable[[str], Path],
) -> None:
    import ultralytics

    checkpoint = Checkpoint.inspect(model_of("yolov8n") / "best.pt")
    assert "ultralytics.nn.tasks.DetectionModel" in checkpoint.imports
    assert "torch.nn.modules.conv.Conv2d" in checkpoint.imports
    assert checkpoint.version == ultralytics.__version__


def test_the_imports_are_those_that_torch_reports(model_of: Callable[[str], Path]) -> None:
    path = model_of("yolo11n") / "best.pt"
    expected = set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    assert expected <= Checkpoint.inspect(path).imports


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_an_old_torch_tell_the_same(
    tmp_path: Path, model_of: Callable[[str], Path], zipped: bool
) -> None:
    original = model_of("yolov8n") / "best.pt"
    saved = torch.load(original, weights_only=False)
    torch.save(saved, tmp_path / "best.pt", _use_new_zipfile_serialization=zipped)
    told, expected = Checkpoint.inspect(tmp_path / "best.pt"), Checkpoint.inspect(original)
    assert (told.imports, told.version) == (expected.imports, expected.version)


class _Payload:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return Path.touch, ("executed",)


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "best.pt"
    path.write_bytes(pickle.dumps({"model": _Payload(), "again": OrderedDict()}, protocol))
    imports = Checkpoint.inspect(path).imports
    assert "collections.OrderedDict" in imports
    assert imports & {"pathlib.Path.touch", "builtins.getattr", "__builtin__.getattr"}
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-LFS pointer"),
        (b"<!DOCTYPE html>\n<html>", "is a web page"),
        (b"PK\x03\x04 and then nothing", "is truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated or not a PyTorch checkpoint"),
        (b"hello, world", "is a text file, not weights"),
    ],
)
def test_what_is_no_checkpoint_is_said_to_be_so(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        Checkpoint.inspect(path)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "photographs")
    with pytest.raises(WeightsError, match="without a PyTorch checkpoint"):
        Checkpoint.inspect(path)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(
    tmp_path: Path, model_of: Callable[[str], Path], kept: float
) -> None:
    content = (model_of("yolov8n") / "best.pt").read_bytes()
    path = tmp_path / "best.pt"
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(WeightsError, match="is truncated"):
        Checkpoint.inspect(path)
