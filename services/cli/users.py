"""`contacts-sync users`: accounts and API tokens."""

import asyncio
from typing import Annotated

import typer

from services.cli.accounts import Account, add_account, connected, list_accounts, make_token
from services.cli.failure import told
from services.cli.secret_input import ask_password, password_from_stdin
from services.cli.settings import load
from shared.clock import SystemClock

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Add and list accounts; make API tokens.")

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]


def _dsn() -> str:
    return load().postgres.dsn.get_secret_value()


@app.command()
def add(
    login: Login,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take the password from the first line of standard input.")
    ] = False,
) -> None:
    """Add an account; the password is asked for, or comes by standard input, never as an argument."""

    async def act(dsn: str, password: str) -> None:
        async with connected(dsn) as connection:
            await add_account(connection, login, password, SystemClock())

    with told():
        dsn = _dsn()
        password = password_from_stdin() if password_stdin else ask_password(login)
        asyncio.run(act(dsn, password))
    typer.echo(f"Added {login}.")


@app.command()
def token(login: Login) -> None:
    """Make a new API token and print it; it is shown this once, as only a hash of it is kept."""

    async def act(dsn: str) -> str:
        async with connected(dsn) as connection:
            return await make_token(connection, login, SystemClock())

    with told():
        made = asyncio.run(act(_dsn()))
    typer.echo(made)


@app.command("list")
def list_all() -> None:
    """List accounts: login, when it was made, number of API tokens."""

    async def act(dsn: str) -> list[Account]:
        async with connected(dsn) as connection:
            return await list_accounts(connection)

    with told():
        accounts = asyncio.run(act(_dsn()))
    for account in accounts:
        typer.echo(f"{account.login}\t{account.created_at:%Y-%m-%d %H:%M} UTC\t{account.tokens}")
    if not accounts:
        typer.echo("There is no account yet: `contacts-sync users add LOGIN` adds one.", err=True)
