"""`./scripts/bench`: both handlers side by side, and the tables of docs/performance.md."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from benchmarks.contest import FULL, QUICK, Contest
from benchmarks.models import EXAMPLES
from benchmarks.report import differences_in, replace_between_markers, tables
from benchmarks.run import Results, measure, own, ready_made
from handler.bench.surroundings import in_words, surroundings
from handler.commands.bench import progress
from handler.errors import AnnotateError
from handler.pictures.files import pictures_in

_WIDTH_OF_FILES = 120


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--weights",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="best.pt",
    help="A model of yours, instead of the demo and the random ones; may be given several times.",
)
@click.option(
    "--images",
    type=click.Path(exists=True, path_type=Path),
    help="Pictures with objects on them, for --weights. Default: the repository's examples.",
)
@click.option("--quick", is_flag=True, help="The detector alone, at three sizes, in few rounds.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write FILE.")
@click.option(
    "--markdown", type=click.Path(path_type=Path), help="Put the tables into a page's markers."
)
def main(
    weights: Sequence[Path],
    images: Path | None,
    quick: bool,
    json_file: Path | None,
    markdown: Path | None,
) -> None:
    """Run our handler and the one that a team writes first side by side.

    Both are called as Nuclio calls them, a frame each in turn, so that a busy machine is busy for
    both; times are medians, with the quartiles. Nothing else should run meanwhile.

    \b
    ./scripts/bench --quick
    ./scripts/bench --markdown docs/performance.md --json performance.json
    ./scripts/bench --weights ~/models/cars/best.pt --images ~/photos
    """
    pictures = EXAMPLES if images is None else list(pictures_in([images]))
    extent = QUICK if quick else FULL
    results = Results()
    with tempfile.TemporaryDirectory(prefix="auto-annotate-bench-") as work, progress() as bar:
        folder = Path(work)
        for name, make in own(weights, pictures, folder) if weights else ready_made(quick, folder):
            exporting = bar.add_task(f"{name}: exporting", total=None)
            try:
                subject = make()
                bar.update(exporting, total=1, completed=1)
                measure(Contest.between(subject, extent), results, bar)
            except AnnotateError as error:
                results.notes.append(f"{name}: {error}")
            except KeyboardInterrupt:
                results.notes.append(f"{name}: interrupted, like all that would have come after it")
                break
    if not results.rows:
        raise click.ClickException("; ".join(results.notes))
    _report(results, json_file, markdown)


def _report(results: Results, json_file: Path | None, markdown: Path | None) -> None:
    made = tables(results.rows, results.profiles)
    machine = in_words(surroundings())
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH_OF_FILES
    console.print(machine, highlight=False)
    for table in made:
        console.print(table.printed())
    for note in (*differences_in(results.rows), *results.notes):
        console.print(note, highlight=False)
    if json_file is not None:
        json_file.write_text(json.dumps(results.to_dict(), indent=2) + "\n")
    if markdown is not None:
        notes = [f"* {note}" for note in (*differences_in(results.rows), *results.notes)]
        text = [f"{machine}\n", *(table.markdown() for table in made), *notes, ""]
        replace_between_markers(markdown, "\n".join(text))


if __name__ == "__main__":
    main(prog_name="./scripts/bench")
