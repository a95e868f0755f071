"""Every section, in few rounds, with a handler that starts at once in place of the naive one."""

import json
from pathlib import Path

import pytest
from rich.progress import Progress

from benchmarks.contest import Contest, Extent
from benchmarks.models import Subject
from benchmarks.report import BEGIN, END, differences_in, replace_between_markers, tables
from benchmarks.run import Results, measure
from handler.bench.worker import Contender
from handler.errors import SettingsError
from tests.bench.conftest import EXPORTED
from tests.conftest import EXAMPLES, ROOT, body_of

SPREAD = {"count", "low", "median", "high", "p90", "p99"}
ROW = {
    "group", "what", "precision", "unit", "naive", "ours", "goal", "differences", "ratio", "met",
    "best", "goal_best", "ratio_best", "met_best",
}  # fmt: skip
STAGES = {
    "parse", "decode", "wait", "letterbox", "forward", "outputs", "nms", "objects", "shapes",
    "encode", "carried",
}  # fmt: skip
FEW = Extent(
    pictures=1, rounds=2, starts=1, frames_of_start=1, bursts=1, frames_of_burst=4, sizes=()
)


@pytest.fixture(scope="module")
def results() -> Results:
    about = ("tests need none", EXAMPLES)
    subject = Subject("detect", EXPORTED, EXPORTED, None, *about, thorough=True, many_sizes=True)
    fast = Contender(environment={"ANNOTATE_WEIGHTS": str(EXPORTED), "PYTHONPATH": str(ROOT)})
    ours = {"f32": fast, "int8": fast}
    bodies = {"640x480": [body_of(EXAMPLES[1].read_bytes(), threshold=0.5)]}
    measured = Results()
    with Progress(disable=True) as progress:
        measure(Contest(subject, FEW, fast, ours, bodies), measured, progress)
    return measured


def test_all_is_measured_and_written_as_json(results: Results) -> None:
    written = json.loads(json.dumps(results.to_dict()))
    assert set(written) == {"surroundings", "rows", "profiles", "notes"}
    of_int8, of_sizes = written["notes"]
    assert of_int8 == "detect, int8: tests need none"
    assert of_sizes.startswith("detect, many sizes beside one: mean time ")
    groups = [row["group"] for row in written["rows"]]
    limited = next(group for group in groups if group.startswith("limit of one core"))
    assert set(groups) == {"one frame", "many sizes", "a process", "2 workers", limited}
    goals = [row["goal"] for row in written["rows"] if row["goal"] is not None]
    assert goals == [3, 4.5, 5, 3]
    for row in written["rows"]:
        assert set(row) == ROW
        assert set(row["naive"]) == set(row["ours"]) == SPREAD
        assert (row["met"] is None) == (row["goal"] is None)
    (profile,) = written["profiles"]
    assert set(profile["stages"]) == STAGES
    assert profile["ratio"] > 1


def test_the_same_handler_gives_the_same_answers(results: Results) -> None:
    assert [row.differences for row in results.rows if row.differences is not None] == [[]] * 3
    assert list(differences_in(results.rows)) == []


def test_the_tables_go_between_the_markers_of_a_page(results: Results, tmp_path: Path) -> None:
    text = "\n".join(table.markdown() for table in tables(results.rows, results.profiles))
    for word in ("detect 640x480", "start to first answer", "4 at once ask", "letterbox"):
        assert word in text
    page = tmp_path / "page.md"
    page.write_text(f"# Speed\n\n{BEGIN}\nold\n{END}\n\nThe end.\n")
    for _ in range(2):
        replace_between_markers(page, text)
    assert page.read_text() == f"# Speed\n\n{BEGIN}\n\n{text}\n{END}\n\nThe end.\n"


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Speed\n")
    with pytest.raises(SettingsError, match="has no lines"):
        replace_between_markers(page, "tables")
    assert page.read_text() == "# Speed\n"
