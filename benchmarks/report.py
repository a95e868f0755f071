"""The benchmark's tables, and the page that carries them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.profile import Profile
from benchmarks.rows import Row
from handler.bench.spread import Spread
from handler.bench.tables import Table, short
from handler.errors import SettingsError

BEGIN, END = "<!-- ./scripts/bench writes from here -->", "<!-- to here -->"

_COLUMNS = (
    "", "precision", "first", "best", "ours", "against first", "against best", "same answers",
)  # fmt: skip
_SHOWN = 3  # differences of each row
_MET = {True: "met", False: "not met"}


def tables(rows: Iterable[Row], profiles: Sequence[Profile]) -> list[Table]:
    """Return a table for each group of rows, and one of the stages."""
    groups: dict[str, Table] = {}
    for row in rows:
        groups.setdefault(row.group, Table(row.group, _COLUMNS)).rows.append(_cells(row))
    made = list(groups.values())
    if profiles:
        made.append(_stages(profiles))
    return made


def differences_in(rows: Iterable[Row]) -> Iterator[str]:
    """Yield in words where our answers are not the naive handler's."""
    for row in rows:
        if row.differences:
            yield f"{row.what}, {row.precision}: {'; '.join(row.differences[:_SHOWN])}"


def replace_between_markers(page: Path, text: str) -> None:
    """Put `text` between the markers of a page of Markdown.

    Raises:
        SettingsError: the page has no markers.
    """
    old = page.read_text("utf-8") if page.exists() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SettingsError(f"{page} has no lines {BEGIN} and {END}", "Put them where tables go.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")


def _cells(row: Row) -> list[str]:
    same = "" if row.differences is None else _same(row.differences)
    figures = [
        "" if each is None else _figure(each, row.unit) for each in (row.naive, row.best, row.ours)
    ]
    first = _against(row.ratio, row.goal, row.met)
    best = "" if row.ratio_best is None else _against(row.ratio_best, row.goal_best, row.met_best)
    return [row.what, row.precision, *figures, first, best, same]


def _against(ratio: float, goal: float | None, met: bool | None) -> str:
    return f"{ratio:.2f}" if met is None else f"{ratio:.2f} (goal {goal:g}, {_MET[met]})"


def _same(differences: Sequence[str]) -> str:
    return f"{len(differences)} differ" if differences else "yes"


def _figure(measured: Spread, unit: str) -> str:
    """Return the median, and half the distance between the quartiles in percent of it."""
    far = (measured.high - measured.low) / 2 / measured.median
    return f"{short(measured.median)} {unit} ±{100 * far:.0f} %"


def _stages(profiles: Sequence[Profile]) -> Table:
    columns = ["", *(f"{each.size}, {each.precision}" for each in profiles)]
    table = Table("where the time of one frame goes, in ms", columns)
    for stage in profiles[0].stages:
        table.rows.append([stage, *(f"{each.stages[stage]:.2f}" for each in profiles)])
    table.rows.append(["whole answer", *(_figure(each.whole, "ms") for each in profiles)])
    table.rows.append(["its own forward pass", *(_figure(each.forward, "ms") for each in profiles)])
    table.rows.append(["whole answer / forward pass", *map(_ratio, profiles)])
    return table


def _ratio(profile: Profile) -> str:
    goal = "" if profile.met is None else f" (goal at most {profile.goal:g}, {_MET[profile.met]})"
    return f"{profile.ratio:.2f}{goal}"
