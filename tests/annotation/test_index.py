from pathlib import Path

from handler.annotation.index import Index


def finished(folder: Path, name: str, source: Path) -> None:
    index = Index(folder)
    index.claim({name: source})
    (folder / f"{name}.json").write_text("[]")
    index.add(name, source, 0)


def test_a_result_is_done_until_its_picture_changes(tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    source.write_text("one")
    finished(tmp_path / "out", "a", source)
    assert Index(tmp_path / "out").done() == {"a"}
    source.write_text("another")
    assert Index(tmp_path / "out").done() == set()


def test_what_was_written_just_before_an_interruption_is_its_own_picture_s(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jpg", tmp_path / "other" / "a.jpg"
    index = Index(tmp_path / "out")
    index.claim({"a": first})
    (tmp_path / "out" / "a.json").write_text("[]")
    again = Index(tmp_path / "out")
    assert not again.belongs_to_another("a", first)
    assert again.belongs_to_another("a", second)
    assert again.done() == set()


def test_a_file_that_nobody_claimed_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert Index(tmp_path).belongs_to_another("a", tmp_path / "photos" / "a.jpg")


def test_results_stay_whose_they_are_when_all_is_moved(tmp_path: Path) -> None:
    source = tmp_path / "here" / "a.jpg"
    source.parent.mkdir()
    source.touch()
    finished(tmp_path / "here" / "out", "a", source)
    moved = (tmp_path / "here").rename(tmp_path / "there")
    assert Index(moved / "out").done() == {"a"}
    assert not Index(moved / "out").belongs_to_another("a", moved / "a.jpg")


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    source.touch()
    finished(tmp_path / "out", "a", source)
    with Index(tmp_path / "out").path.open("a") as file:
        file.write('{"name": "b", "sour')
    finished(tmp_path / "out", "c", source)
    assert "a" in Index(tmp_path / "out").done()
