"""A run on the terminal: its counts, notes and problems, the first changes of its plan, and what can be done next."""

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.cli.api_client import ApiClient, Document
from services.cli.failure import EXIT_FAILED
from services.cli.import_watch import FIRST_PROBLEMS, print_summary

EXIT_STATUS: Final = {
    "succeeded": 0,
    "unchanged": 0,
    "planned": 0,
    "failed": EXIT_FAILED,
    "cancelled": EXIT_FAILED,
    "succeeded_with_errors": 3,
    "refused": 4,
}
WAITING: Final = frozenset({"planned", "refused"})
FIRST_CHANGES: Final = 10
_STYLES: Final = {"added": "green", "updated": "yellow", "deleted": "red"}
_LONGEST = 300


def print_run(api: ApiClient, run: Document, *, console: Console, changes: bool | None = None) -> None:
    """Print a run that has ended, with the first changes of its plan: those of one that waits, unless told otherwise.

    Of a refused run those who would be deleted come first.
    """
    problems = api.get(f"/runs/{run['id']}/problems", limit=FIRST_PROBLEMS)["items"]
    print_summary(run, problems, console=console)
    for note in run["notes"]:
        console.print(escape(f"Note: {note['message']}"), highlight=False, soft_wrap=True)
    total = sum(run["counts"][kind] for kind in _STYLES)
    if total and (run["status"] in WAITING if changes is None else changes):
        parameters = {"kind": "deleted"} if run["status"] == "refused" and run["counts"]["deleted"] else {}
        found = api.get(f"/runs/{run['id']}/plan", limit=FIRST_CHANGES, **parameters)["items"]
        print_changes(found, total, console=console)


def print_changes(changes: list[Document], total: int, *, console: Console) -> None:
    """Print some changes of a plan that has `total` of them."""
    table = Table(title=f"The first {len(changes)} of {total:,} changes", title_justify="left")
    table.add_column("change")
    table.add_column("unique id", overflow="fold")
    table.add_column("line", justify="right")
    table.add_column("what", overflow="fold")
    for change in changes:
        kind = change["change"]
        line = "" if change["line"] is None else f"{change['line']:,}"
        table.add_row(f"[{_STYLES[kind]}]{kind}[/]", escape(change["unique_id"]), line, escape(described(change)))
    console.print(table)


def described(change: Document) -> str:
    """Return what a change does, in one line: the fields that differ, or the values that come or go."""
    before, after = change["before"] or {}, change["after"] or {}
    if change["change"] == "updated":
        names = [name for name in {**before, **after} if before.get(name, "") != after.get(name, "")]
        parts = [f"{name}: {before.get(name) or '(empty)'} → {after.get(name) or '(empty)'}" for name in names]
    else:
        parts = [f"{name}: {value}" for name, value in (after or before).items() if value]
    parts += [f"{name}: the password changes" for name in change["passwords_changed"]]
    text = ", ".join(parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def print_way_on(run: Document, *, console: Console) -> None:
    """Print the run's id, and the command that applies its plan where that waits."""
    if run["status"] in WAITING and sum(run["counts"][kind] for kind in _STYLES):
        doing = "To take it back" if run["undoes"] else "To do it"
        console.print(f"{doing}: contacts-sync runs approve {run['id']}", highlight=False, soft_wrap=True)
    else:
        console.print(f"Run {run['id']}", highlight=False, soft_wrap=True)
