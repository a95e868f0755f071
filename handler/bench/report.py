"""The tables of `auto-annotate bench`."""

from collections.abc import Iterator, Mapping

from handler.bench.figures import Figures
from handler.bench.tables import Table, short


def figures_table(figures: Mapping[str, Figures], pictures: int) -> Table:
    """Return a column for each model; of two also how many times better the first is."""
    rated = ["ratio"] if len(figures) == 2 else []
    plural = "s" if pictures > 1 else ""
    table = Table(f"Answering {pictures} picture{plural}", ["", *figures, *rated])
    for each in zip(*map(_lines, figures.values()), strict=True):
        what, unit, _, more_is_better = each[0]
        numbers = [number for _, _, number, _ in each]
        cells = [f"{short(number)} {unit}" for number in numbers]
        if rated:
            ours, theirs = numbers
            cells.append(f"{ours / theirs if more_is_better else theirs / ours:.2f}x")
        table.rows.append([what, *cells])
    return table


def stages_table(figures: Mapping[str, Figures]) -> Table:
    """Return what of an answer each stage takes: milliseconds and percent."""
    table = Table("Where the time of one answer goes", ["", *figures])
    names = dict.fromkeys(stage for each in figures.values() for stage in each.stages)
    for name in names:
        table.rows.append([name, *(_part(each.stages, name) for each in figures.values())])
    return table


def _lines(figures: Figures) -> Iterator[tuple[str, str, float, bool]]:
    """Yield what was measured, its unit, the number, and whether more is better."""
    times = figures.milliseconds
    yield "an answer, median", "ms", times.median, False
    yield "90 of 100 within", "ms", times.p90, False
    yield "99 of 100 within", "ms", times.p99, False
    yield "start to first answer", "s", figures.start.median, False
    yield "resident memory", "MB", figures.resident, False
    yield "most memory", "MB", figures.peak, False
    for clients, rate in figures.frames_per_second.items():
        yield f"asked by {clients} at once", "frames/s", rate, True


def _part(stages: Mapping[str, float], name: str) -> str:
    if name not in stages:
        return ""
    return f"{stages[name]:.2f} ms {100 * stages[name] / sum(stages.values()):4.0f} %"
