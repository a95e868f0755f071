"""What a command writes while it works: lines, and below them a bar where somebody is looking."""

import sys
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Screen:
    """Lines on standard output, complaints on standard error, and a bar on the terminal, if any.

    One library writes to the terminal at a time: where the bar is, the lines go above it through
    the bar's own console. Without a terminal there is no bar at all.
    """

    def __init__(self, description: str, total: int | None) -> None:
        self._bar: Progress | None = None
        self._description = description
        self._total = total
        self._tiles: TaskID | None = None
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                _Rate(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(
                *columns,
                console=Console(stderr=True),
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._task = self._bar.add_task(self._description, total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self) -> None:
        """Count one more."""
        if self._bar is not None:
            self._bar.advance(self._task)

    def show_tiles(self, done: int, tiles: int) -> None:
        """Show below the bar how many tiles of a large picture are done, until all are."""
        if self._bar is not None:
            if self._tiles is None:
                self._tiles = self._bar.add_task("Tiles of a picture", total=tiles)
            self._bar.update(self._tiles, total=tiles, completed=done, visible=done < tiles)

    def say(self, line: str) -> None:
        """Write a line to standard output."""
        if self._bar is not None and sys.stdout.isatty():
            self._bar.console.print(Text(line), soft_wrap=True)
        else:
            click.echo(line)

    def complain(self, line: str) -> None:
        """Write a line to standard error, in red on a terminal."""
        if self._bar is not None:
            self._bar.console.print(Text(line, style="red"), soft_wrap=True)
        else:
            click.secho(line, fg="red", err=True)


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")
