"""`contacts-sync migrate`: the database's schema."""

import asyncio

import typer

from services.cli.failure import told
from services.cli.settings import load
from shared.clock import SystemClock
from shared.postgres.migrate import migrate as apply_migrations
from shared.store.first_account import FIRST_LOGIN, make_first_account

app = typer.Typer(add_completion=False)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; may be called as often as you like.

    Where there is no account yet, it makes the first one and prints its one-time password.
    """

    async def act(dsn: str) -> tuple[list[str], str | None]:
        return await apply_migrations(dsn), await make_first_account(dsn, SystemClock())

    with told():
        applied, password = asyncio.run(act(load().postgres.dsn.get_secret_value()))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("The schema is up to date.")
    if password is not None:
        typer.echo(f"Made the account {FIRST_LOGIN}. Its password for the first sign-in: {password}")
