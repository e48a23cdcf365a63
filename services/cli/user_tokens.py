"""`contacts-sync users token|tokens|revoke`: the API tokens of accounts."""

import asyncio
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from services.cli.accounts import BY_COMMAND, connected, role_named
from services.cli.failure import told
from services.cli.settings import load
from shared.clock import SystemClock
from shared.rules.roles import Role
from shared.store.accounts import find_account
from shared.store.api_tokens import ApiToken, NewToken, list_tokens, make_token, revoke_token

app = typer.Typer(add_completion=False)

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]


def _dsn() -> str:
    return load().postgres.dsn.get_secret_value()


@app.command()
def token(
    login: Login,
    *,
    scope: Annotated[
        str | None,
        typer.Option(help=f"What it may do, at most the account's role: {', '.join(Role)}.", show_default="the role"),
    ] = None,
    name: Annotated[str, typer.Option(help="What uses it, for the lists of tokens.")] = "made by a command",
    days: Annotated[
        int | None, typer.Option(help="How long it lasts.", min=1, max=36500, show_default="until it is revoked")
    ] = None,
) -> None:
    """Make a new API token and print it; it is shown this once, as only a hash of it is kept."""

    async def act(dsn: str, wanted: Role | None) -> str:
        now = SystemClock().now()
        async with connected(dsn) as connection, connection.transaction():
            account = await find_account(connection, login)
            expires_at = now + timedelta(days=days) if days is not None else None
            new = NewToken(name, wanted or account.role, expires_at)
            return await make_token(connection, account, new, by=BY_COMMAND, now=now)

    with told():
        wanted = role_named(scope, field="scope") if scope is not None else None
        made = asyncio.run(act(_dsn(), wanted))
    typer.echo(made)


@app.command()
def tokens(login: Login) -> None:
    """List an account's API tokens: id, name, scope, when it was made, last used, and ends."""

    async def act(dsn: str) -> list[ApiToken]:
        async with connected(dsn) as connection:
            account = await find_account(connection, login)
            return await list_tokens(connection, account.id)

    with told():
        found = asyncio.run(act(_dsn()))
    for each in found:
        times = (each.created_at, each.last_used_at, each.expires_at)
        shown = "\t".join(f"{time:%Y-%m-%d %H:%M} UTC" if time else "-" for time in times)
        typer.echo(f"{each.id}\t{each.name}\t{each.scope}\t{shown}")


@app.command()
def revoke(
    login: Login, token_id: Annotated[UUID, typer.Argument(help="Its id, as `contacts-sync users tokens` lists it.")]
) -> None:
    """Let an API token in no more."""

    async def act(dsn: str) -> None:
        async with connected(dsn) as connection, connection.transaction():
            account = await find_account(connection, login)
            await revoke_token(connection, account.id, token_id, by=BY_COMMAND, now=SystemClock().now())

    with told():
        asyncio.run(act(_dsn()))
    typer.echo("Revoked.")
