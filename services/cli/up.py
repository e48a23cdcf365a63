"""`contacts-sync up`: the embedded stack in the foreground, until it is told to stop."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from services.cli.embedded.up import up as run_up
from services.cli.failure import told
from shared.errors import UserError

app = typer.Typer(add_completion=False)


def default_data() -> Path:
    """Return this user's folder for the stack's state, as the XDG base directory specification has it."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share"
    return base / "contacts-sync"


def parse_scale(values: list[str]) -> dict[str, int]:
    """Read `NAME=N` of each; UserError `scale_invalid`. Which names there are the stack says."""
    scale = {}
    for value in values:
        name, _, number = value.partition("=")
        if not name or not (number.isascii() and number.isdigit()):
            raise UserError("scale_invalid", f'"{value}" is no --scale: write it as parser=2.', field="scale")
        scale[name] = int(number)
    return scale


def print_ready(line: dict[str, object]) -> None:
    """Print the ready line, for a program that started the stack to read."""
    typer.echo(json.dumps(line))


@app.command()
def up(
    data: Annotated[
        Path | None, typer.Option(help="The folder that keeps its state.", show_default="in your home folder")
    ] = None,
    port: Annotated[int, typer.Option(help="The port of the page and the API; 0: any.", min=0, max=65535)] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    scale: Annotated[list[str] | None, typer.Option(metavar="NAME=N", help="Processes of a service.")] = None,
) -> None:
    """Start everything on this machine; prints one line of JSON when it can take requests."""
    with told():
        status = asyncio.run(run_up(data or default_data(), host, port, parse_scale(scale or []), print_ready))
    raise typer.Exit(status)
