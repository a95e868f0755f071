import pytest
from rich.console import Console

from handler.bench.tables import Table, short

TABLE = Table("Speed", ("", "ours"), [("decode", "1.20 ms"), ("whole", "30 ms")])


def test_a_table_is_printed_with_its_title() -> None:
    console = Console(width=80)
    with console.capture() as printed:
        console.print(TABLE.printed())
    for word in ("Speed", "ours", "decode", "1.20 ms"):
        assert word in printed.get()


def test_a_table_in_markdown() -> None:
    assert TABLE.markdown().splitlines() == [
        "**Speed**", "", "|  | ours |", "|---|---:|", "| decode | 1.20 ms |", "| whole | 30 ms |",
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "text"), [(0.123, "0.12"), (12.34, "12.3"), (1234.5, "1234")])
def test_numbers_have_about_three_digits(number: float, text: str) -> None:
    assert short(number) == text
