from pathlib import Path, PurePosixPath

import pytest

from handler.annotation.index import NAME
from handler.annotation.names import named
from handler.annotation.sources import Source, sources_in
from handler.errors import SettingsError


def never(name: str, source: Source) -> bool:  # noqa: ARG001
    return False


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_names_mirror_the_folders_and_keep_the_suffix_where_two_would_be_one(
    tmp_path: Path,
) -> None:
    folder = files(tmp_path / "in", "a.jpg", "a.png", "b.jpg", "deep/a.jpg", "notes.txt")
    names = named(sources_in([folder], tmp_path / "out"), never)
    assert sorted(names.values()) == ["a.jpg", "a.png", "b", "deep/a"]
    assert {name: source.path.name for source, name in names.items()}["b"] == "b.jpg"


def test_a_video_and_the_folder_of_its_own_frames_do_not_share_names(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", "clip.mp4", "clip/000000.jpg")
    names = named(sources_in([folder], tmp_path / "out"), never)
    assert sorted(names.values()) == ["clip.mp4", "clip/000000"]


def test_pictures_of_one_name_in_two_folders_carry_the_folder_s(tmp_path: Path) -> None:
    first, second = files(tmp_path / "x", "a.jpg"), files(tmp_path / "y", "a.jpg")
    names = named(sources_in([first, second], tmp_path / "out"), never)
    assert sorted(names.values()) == ["x/a.jpg", "y/a.jpg"]


def test_a_name_that_belongs_to_another_picture_is_not_taken(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", "a.jpg")
    names = named(sources_in([folder], tmp_path / "out"), lambda name, _: name == "a")
    assert list(names.values()) == ["a.jpg"]


def test_results_are_not_sources(tmp_path: Path) -> None:
    folder = files(tmp_path, "a.jpg", "annotated/a.jpg", f"old/{NAME}", "old/deep/a.jpg")
    found = sources_in([folder], folder / "annotated")
    assert [source.relative for source in found] == [PurePosixPath("a.jpg")]


def test_what_is_named_twice_is_annotated_once(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", "a.jpg")
    assert len(sources_in([folder, folder / "a.jpg"], tmp_path / "out")) == 1


@pytest.mark.parametrize("wrong", ["https://example.org/a.jpg", "-", "missing.jpg"])
def test_what_is_no_file_is_refused_by_its_name(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"is not read|does not exist"):
        sources_in([Path(wrong)], tmp_path)
