"""Entries of a cache are whole or not there."""

import os
from pathlib import Path

import pytest

from handler.models.cache.entry import KEPT, CacheError, Entry, ExportError


def fill(cache: Path, key: str) -> Entry:
    entry = Entry(cache, key)
    with entry.writing(1000) as (staging, _):
        made = staging / "model"
        (made / "inner").mkdir(parents=True)
        (made / "inner" / "weights.bin").write_bytes(b"0123456789")
        entry.keep(made)
    return entry


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    assert not Entry(tmp_path, "a").is_filled()
    assert fill(tmp_path, "a").is_filled()
    assert (tmp_path / "a" / "inner" / "weights.bin").read_bytes() == b"0123456789"
    assert not Entry(tmp_path, "b").is_filled()


@pytest.mark.parametrize("damaged", [b"01234", b"0123456789x", b"012345678x", None])
def test_what_is_damaged_is_not_found_until_it_is_made_again(
    tmp_path: Path, damaged: bytes | None
) -> None:
    weights = fill(tmp_path, "a").path / "inner" / "weights.bin"
    if damaged is None:
        weights.unlink()
    else:
        weights.write_bytes(damaged)
    assert not Entry(tmp_path, "a").is_filled()
    assert fill(tmp_path, "a").is_filled()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".staging-left" / "model").mkdir(parents=True)
    fill(tmp_path, "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "lock"]


def test_those_not_used_for_longest_go(tmp_path: Path) -> None:
    for age, key in enumerate("abcdefghi", start=-1000):
        entry = fill(tmp_path, key)
        os.utime(entry.path, (age, age + 10**9))
    assert Entry(tmp_path, "b").is_filled()  # and used
    fill(tmp_path, "j")
    assert {path.name for path in tmp_path.iterdir()} == {*"bdefghij", "lock"}
    assert KEPT == 8


def test_a_failure_is_remembered_until_its_file_is_removed(tmp_path: Path) -> None:
    entry = Entry(tmp_path, "a")
    entry.remember(ExportError("It has no network", "Train it."))
    with pytest.raises(ExportError, match=r"earlier start: It has no network. .* remove (.*).$"):
        entry.is_filled()
    (tmp_path / "a.failed").unlink()
    assert not entry.is_filled()


def test_attempts_are_counted_while_they_are_killed(tmp_path: Path) -> None:
    entry = Entry(tmp_path, "a")
    for _ in range(5):
        entry.begin()
        entry.end()
    for _ in range(3):
        entry.begin()
    with pytest.raises(ExportError, match="3 starts were killed"):
        entry.begin()


def test_a_full_cache_is_noticed_before_anything_is_made(tmp_path: Path) -> None:
    with (
        pytest.raises(CacheError, match=r"No space left|File too large"),
        Entry(tmp_path, "a").writing(10**18),
    ):
        pytest.fail("there is no such disk")
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
