"""Tables that are printed and written to Markdown alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import rich.box
import rich.table


@dataclass(frozen=True)
class Table:
    """Text in rows; the first column names the row, the others are numbers."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def printed(self) -> rich.table.Table:
        """Return the table for a terminal."""
        table = rich.table.Table(title=self.title, title_justify="left", box=rich.box.SIMPLE_HEAD)
        for index, name in enumerate(self.columns):
            table.add_column(name, justify="right" if index else "left", no_wrap=index == 0)
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """Return the table as Markdown, its title in bold above it."""
        rules = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = [_line(self.columns), f"|{'|'.join(rules)}|", *map(_line, self.rows)]
        return f"**{self.title}**\n\n" + "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def short(number: float) -> str:
    """Return a number to about three digits."""
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f}"
