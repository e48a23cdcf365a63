"""`contacts-sync demo`: the main job end to end, on this machine alone, for a person to watch."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from services.cli.api_client import ApiClient
from services.cli.demo.desk import Desk
from services.cli.demo.guests import Guests
from services.cli.demo.mails import mail_step
from services.cli.demo.members import Members
from services.cli.demo.report import make_console, perform
from services.cli.demo.scene import Scene, open_scene
from services.cli.demo.staff import Staff
from services.cli.demo.step import Step
from services.cli.failure import told

app = typer.Typer(add_completion=False)

EXIT_INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _ToldToStop(BaseException):
    """A signal came; raised wherever the demo is, so that what it started is ended on the way out."""


def _ignore_signals() -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Raise `_ToldToStop` at the first signal; further ones are ignored until the process has ended."""

    def on_signal(*_: object) -> None:
        _ignore_signals()
        raise _ToldToStop

    before = {each: signal.signal(each, on_signal) for each in _SIGNALS}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def make_steps(desk: Desk, scene: Scene, today: date) -> list[Step]:
    """Return all steps of the demo."""
    staff, guests = Staff(desk, scene.sftp, today), Guests(desk, scene.http)
    members = Members(desk, scene.ftps, today)
    return [*staff.steps(), *guests.steps(), *members.steps(), mail_step(desk, scene.installation.mail_folder)]


def show(scene: Scene, console: Console) -> bool:
    """Take all steps; returns whether each did what it should."""
    with ApiClient(scene.installation.url, scene.installation.api_token) as api:
        return perform(make_steps(Desk(api, console), scene, datetime.now(UTC).date()), console)


def _invite(scene: Scene, console: Console) -> None:
    installation = scene.installation
    console.print("\n[bold]Everything keeps running, for you to look at:[/]")
    for label, text in (
        ("Web page", installation.url),
        ("Login", installation.login),
        ("Password", installation.password or "the one that was chosen"),
        ("Mails", installation.mail_url),
        ("SFTP files", str(scene.sftp.folder)),
        ("HTTP files", str(scene.http.folder)),
        ("FTPS files", str(scene.ftps.folder)),
    ):
        console.print(f"  {label:<10} {escape(text)}", soft_wrap=True)
    console.print("Change a file, and import it again on the page. Ctrl-C ends it.")


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop at its end.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="The folder that keeps its state.", show_default="a temporary one")
    ] = None,
    port: Annotated[int, typer.Option(help="The port of the page; any free one if taken.", min=0, max=65535)] = 8080,
) -> None:
    """Show the main job end to end: imports from an SFTP, an HTTP and an FTPS server, a refused file, the mails.

    Exit status 0: every step did what it should; 1: one did not; 130: interrupted before the last.
    """
    console = make_console()
    right: bool | None = None
    with told(), suppress(_ToldToStop), _signals_end_it():
        console.print("Starting a database, a broker, a mail sink, six services, an SFTP, an HTTP and an FTPS server …")
        begun = time.monotonic()
        with open_scene(data, port) as scene:
            try:
                console.print(f"Ready after {time.monotonic() - begun:.1f} s at {scene.installation.url}")
                right = show(scene, console)
                if not once:
                    _invite(scene, console)
                    scene.installation.stack.wait()
                    console.print("[red]✗[/] contacts-sync ended by itself.")
                    right = False
            finally:
                # From here on all is being ended anyway, and that should not be broken off.
                _ignore_signals()
                console.print("Ending all that was started …")
    if right is None:
        console.print("Interrupted; everything that it started has ended.")
        raise typer.Exit(EXIT_INTERRUPTED)
    raise typer.Exit(int(not right))
