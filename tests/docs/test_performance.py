from benchmarks.report import BEGIN, END
from tests.conftest import ROOT


def test_the_page_has_a_place_for_the_tables() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert page.index(BEGIN) < page.index(END)
