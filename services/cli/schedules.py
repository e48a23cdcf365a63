"""`contacts-sync schedules`: what schedules there are, what a rule means, pause and resume."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import reset_tzpath

import typer
from rich.console import Console
from rich.table import Table

from services.cli.api_access import open_api
from services.cli.api_client import ApiClient, Document
from services.cli.failure import told
from services.cli.settings import load
from shared.errors import UserError
from shared.rules.recurrence import Schedule, time_zone_named, upcoming, validate
from shared.rules.sentence import describe

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, explain, pause and resume schedules.")

Import = Annotated[str, typer.Argument(metavar="IMPORT", help="The import, by name or id.")]
Url = Annotated[str | None, typer.Option(help="The root of the API.", show_default="CONTACTS_SYNC_API__URL")]
Token = Annotated[str | None, typer.Option(help="The API token.", show_default="CONTACTS_SYNC_API__TOKEN")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, by the clock of the schedule's zone.")]


@app.command("list")
def list_all(*, url: Url = None, token: Token = None) -> None:
    """List the imports that have a schedule: when they are due next, and what the schedule says."""
    with told():
        table = Table("Import", "Next", "Schedule", box=None)
        with open_api(load(), url, token) as api:
            for entry in api.list_all("/imports"):
                if entry["schedule"]:
                    table.add_row(entry["name"], _next(entry), entry["schedule_sentence"])
        Console().print(table)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(metavar="RRULE", help="As calendars write it, such as FREQ=WEEKLY;BYDAY=MO.")],
    *,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="The start.", show_default="now")
    ] = None,
    zone: Annotated[str, typer.Option(help="The time zone.")] = "UTC",
) -> None:
    """Say what a rule means, with its next five times, or what is wrong with it."""
    with told():
        reset_tzpath(to=())  # the zones' rules of the services, not the machine's
        now = datetime.now(UTC)
        place = time_zone_named(zone)
        begin = start or now.astimezone(place).replace(tzinfo=None, second=0, microsecond=0)
        schedule = Schedule(begin, zone, rule)
        validate(schedule)
        typer.echo(describe(schedule))
        for due in upcoming(schedule, now):
            typer.echo(f"  {due.astimezone(place):%a %Y-%m-%d %H:%M %Z}")


@app.command()
def pause(name: Import, *, since: Day = None, until: Day = None, url: Url = None, token: Token = None) -> None:
    """Let a schedule pause: now and until it is resumed, or between two days, the last one included."""
    days = {"from": since, "until": until}
    body = {key: f"{day:%Y-%m-%d}" for key, day in days.items() if day is not None}
    with told(), open_api(load(), url, token) as api:
        entry = api.post(f"/imports/{_found(api, name)['id']}/pause", body)
        typer.echo(f"{entry['name']}: next {_next(entry)}")


@app.command()
def resume(name: Import, *, url: Url = None, token: Token = None) -> None:
    """End a schedule's pause."""
    with told(), open_api(load(), url, token) as api:
        entry = api.post(f"/imports/{_found(api, name)['id']}/resume", {})
        typer.echo(f"{entry['name']}: next {_next(entry)}")


@app.command()
def missed(name: Import, *, url: Url = None, token: Token = None) -> None:
    """List the due times that did not run, and why."""
    with told():
        table = Table("Due", "Until", "Times", "Why", box=None)
        with open_api(load(), url, token) as api:
            for each in api.list_all(f"/imports/{_found(api, name)['id']}/missed"):
                until = each["last_due_at"] if each["occurrences"] > 1 else ""
                table.add_row(each["due_at"], until, str(each["occurrences"]), each["reason"])
        Console().print(table)


def _found(api: ApiClient, name: str) -> Document:
    found = [entry for entry in api.list_all("/imports") if name in {entry["name"], entry["id"]}]
    if not found:
        raise UserError("import_not_found", f'There is no import "{name[:80]}".', field="import")
    if len(found) > 1:
        ids = ", ".join(entry["id"] for entry in found)
        raise UserError("import_ambiguous", f'There are several imports called "{name[:80]}": {ids}.', field="import")
    return found[0]


def _next(entry: Document) -> str:
    if entry["next_run_at"]:
        return str(entry["next_run_at"])
    return "paused" if entry["pause"] else "never again"
