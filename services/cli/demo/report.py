"""The demo on the terminal, or in a log: each step as it goes, then a table of all."""

import sys
from collections.abc import Iterable
from io import TextIOWrapper

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.cli.demo.step import Played, Step, play

_LOG_WIDTH = 120
"""Columns where there is no terminal that has a width."""

_RIGHT, _WRONG = "[green]✓[/]", "[red]✗[/]"


def make_console() -> Console:
    """Return a display on standard output; what the terminal's encoding lacks is shown as a question mark."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)


def perform(steps: list[Step], console: Console) -> bool:
    """Take the steps in order and show them, with a table at the end; returns whether all did what they should."""
    played: list[Played] = []
    for each in play(steps):
        if isinstance(each, Step):
            console.print()
            console.rule(f"[bold]{len(played) + 1}. {escape(each.title)}[/]", align="left")
            console.print(escape(each.story))
        else:
            played.append(each)
            _print_verdict(each, console)
    console.print()
    console.print(_table(steps, played))
    right = sum(each.right for each in played)
    mark = _RIGHT if right == len(steps) else _WRONG
    console.print(f"{mark} {right} of {len(steps)} steps did what they should.")
    return right == len(steps)


def _print_verdict(played: Played, console: Console) -> None:
    if played.right:
        console.print(f"{_RIGHT} {escape(_joined(played.found))}")
        return
    console.print(f"{_WRONG} {escape(played.error or 'not what it should do:')}")
    if played.error is None:
        for wanted in played.step.wanted:
            if wanted not in played.found:
                console.print(f"  missing: {escape(wanted)}")
        for found in played.found:
            if found not in played.step.wanted:
                console.print(f"  instead: {escape(found)}")


def _table(steps: list[Step], played: list[Played]) -> Table:
    table = Table(title="Summary", title_justify="left", show_lines=True)
    table.add_column("Step")
    table.add_column("What should happen", overflow="fold")
    table.add_column("What happened", overflow="fold")
    table.add_column("Seconds", justify="right")
    outcomes: Iterable[Played | None] = [*played, *[None] * (len(steps) - len(played))]
    for number, (step, outcome) in enumerate(zip(steps, outcomes, strict=True), 1):
        mark = _RIGHT if outcome is not None and outcome.right else _WRONG
        happened = "not reached" if outcome is None else outcome.error or _joined(outcome.found)
        table.add_row(
            f"{mark} {number}. {escape(step.title)}",
            escape(_joined(step.wanted)),
            escape(happened),
            "" if outcome is None else f"{outcome.seconds:.1f}",
        )
    return table


def _joined(parts: tuple[str, ...]) -> str:
    return "; ".join(parts)
