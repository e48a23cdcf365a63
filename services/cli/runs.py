"""`contacts-sync runs`: shows runs, approves plans that wait, and takes applied runs back, over the HTTP API."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from services.cli.api_access import Token, Url, open_api
from services.cli.api_client import ApiClient, Document
from services.cli.failure import told
from services.cli.import_watch import progress_bars, show_run
from services.cli.run_report import EXIT_STATUS, print_run, print_way_on
from services.cli.settings import load
from shared.errors import UserError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Show runs, approve plans that wait, and take applied runs back.",
    epilog="Exit status 0: succeeded, unchanged or planned; 1: failed; 2: usage; 3: succeeded with errors; 4: refused.",
)

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the address of its page.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept with the run.")]
Wait = Annotated[bool, typer.Option(help="Wait for the end of the run.")]


class Part(StrEnum):
    """What of a plan is approved, if not all of it."""

    ADDITIONS_AND_UPDATES = "additions_and_updates"


def run_id_of(run: str) -> str:
    """Return the id that an argument names; UserError `run_id_invalid`."""
    try:
        return str(UUID(run.rstrip("/").partition("?")[0].rpartition("/")[2]))
    except ValueError:
        message = f'"{run}" is no run: give its id, as `contacts-sync import` prints it, or the address of its page.'
        raise UserError("run_id_invalid", message, field="run") from None


@app.command()
def show(run: Run, *, wait: Wait = False, url: Url = None, token: Token = None) -> None:
    """Show a run, the first changes of its plan and its first problems; the exit status is the run's, 0 until it ends.

    Where its plan waits, the command that approves it is shown.
    """
    with told(), open_api(load(), url, token) as api:
        shown = api.get(f"/runs/{run_id_of(run)}")
        _report(api, shown, wait=wait, changes=True)


@app.command()
def approve(
    run: Run,
    *,
    reason: Reason = None,
    only: Annotated[Part | None, typer.Option(help="Leave the plan's deletes out.")] = None,
    wait: Wait = True,
    url: Url = None,
    token: Token = None,
) -> None:
    """Apply the plan of a refused run, of a dry run, or of an undo that was only shown, as it was shown.

    Where contacts of the plan changed since, the new run ends planned and has to be approved in its turn.
    """
    with told(), open_api(load(), url, token) as api:
        body = {"reason": reason, "only": only.value if only else None}
        _report(api, api.post(f"/runs/{run_id_of(run)}/approve", body), wait=wait)


@app.command()
def undo(
    run: Run,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    reason: Reason = None,
    wait: Wait = True,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take an applied run back; what was changed since is kept, and listed."""
    with told(), open_api(load(), url, token) as api:
        path = f"/runs/{run_id_of(run)}/undo" + ("?dry_run=true" if dry_run else "")
        _report(api, api.post(path, {"reason": reason}), wait=wait)


def _report(api: ApiClient, run: Document, *, wait: bool, changes: bool | None = None) -> None:
    """Print the run once it has ended, or how far it is, and exit with its status."""
    if wait and run["finished_at"] is None:
        with progress_bars() as progress:
            run = show_run(api.watch_run(run["id"]), progress)
    if run["finished_at"] is None:
        typer.echo(f"Run {run['id']} is {run['status']}, {run['progress']['percent']} %.")
        return
    console = Console()
    print_run(api, run, console=console, changes=changes)
    print_way_on(run, console=console)
    raise typer.Exit(EXIT_STATUS[run["status"]])
