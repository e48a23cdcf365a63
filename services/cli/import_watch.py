"""An import on the terminal: progress bars while it lasts, then what it did and the first problems."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.cli.api_client import Document

_BLOCK_BYTES = 1 << 18
_MARKS = {
    "succeeded": "[green]✓[/]",
    "unchanged": "[green]✓[/]",
    "planned": "[green]✓[/]",
    "succeeded_with_errors": "[yellow]![/]",
    "refused": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "cancelled": "[red]✗[/]",
}
FIRST_PROBLEMS = 10


def progress_bars() -> Progress:
    """Return a display for standard error, so that standard output keeps the result alone."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def blocks_of(path: Path, size: int, progress: Progress) -> Iterator[bytes]:
    """Yield a file's first `size` bytes, with a bar."""
    task = progress.add_task("uploading", total=size, note="")
    left = size
    with path.open("rb") as file:
        while left and (block := file.read(min(_BLOCK_BYTES, left))):
            left -= len(block)
            yield block
            progress.update(task, advance=len(block))


def show_run(runs: Iterable[Document], progress: Progress) -> Document:
    """Show a run as it goes on, and return it as it was last."""
    task = progress.add_task("queued", total=100, note="")
    run: Document = {}
    for run in runs:
        rows = run["progress"]["rows"]
        note = f"{rows:,} rows" if rows else ""
        progress.update(task, description=run["status"], completed=run["progress"]["percent"], note=note)
    return run


def print_summary(run: Document, problems: list[Document], *, console: Console) -> None:
    """Print how the run ended: its counts, its error, and problems so far as they are given."""
    applied = run["status"] in {"succeeded", "succeeded_with_errors"}
    only_planned = not applied and any(run["counts"].values())
    title = f"{_MARKS.get(run['status'], '')} {run['status']}" + (
        ": not applied, it would have been" if only_planned else ""
    )
    table = Table(title=title, title_justify="left")
    for name in run["counts"]:
        table.add_column(name, justify="right")
    table.add_row(*(f"{count:,}" for count in run["counts"].values()))
    console.print(table)
    if run["error"]:
        console.print(f"{escape(run['error']['message'])} ({run['error']['code']})", highlight=False)
    for problem in problems:
        place = f"line {problem['line']}" if problem["line"] is not None else "file"
        column = f", {problem['column']}" if problem["column"] else ""
        console.print(escape(f"{place}{column}: {problem['message']}"), highlight=False, soft_wrap=True)
    if len(problems) == FIRST_PROBLEMS:
        console.print(f"These are the first {FIRST_PROBLEMS} problems; the page of the run has all.")
