"""`contacts-sync migrate`: the database's schema."""

import asyncio

import typer

from services.cli.failure import told
from services.cli.settings import load
from shared.postgres.migrate import migrate as apply_migrations

app = typer.Typer(add_completion=False)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; may be called as often as you like."""
    with told():
        applied = asyncio.run(apply_migrations(load().postgres.dsn.get_secret_value()))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("The schema is up to date.")
