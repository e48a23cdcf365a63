"""`contacts-sync users`: accounts, their roles and their passwords."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from services.cli import user_tokens
from services.cli.accounts import BY_COMMAND, connected, role_named
from services.cli.failure import told
from services.cli.secret_input import ask_password, password_from_stdin
from services.cli.settings import load
from shared.clock import SystemClock
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store import accounts as store
from shared.store.account_passwords import hash_password, one_time_password, set_password
from shared.store.accounts import NewAccount, find_account, list_accounts

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Accounts: roles, passwords, API tokens.")
app.add_typer(user_tokens.app)

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Take the password from the first line of standard input.")
]
OneTime = Annotated[
    bool, typer.Option("--one-time", help="Make up a password for the first sign-in, and print it this once.")
]

Result = TypeVar("Result")


def _on_accounts(act: Callable[[Connection], Awaitable[Result]]) -> Result:
    async def whole() -> Result:
        async with connected(load().postgres.dsn.get_secret_value()) as connection, connection.transaction():
            return await act(connection)

    return asyncio.run(whole())


def _password(login: str, *, from_stdin: bool, one_time: bool) -> str:
    if one_time:
        return one_time_password()
    return password_from_stdin() if from_stdin else ask_password(login)


@app.command()
def add(
    login: Login,
    *,
    role: Annotated[str, typer.Option(help=f"What it may do: {', '.join(Role)}.")] = Role.VIEWER.value,
    password_stdin: PasswordStdin = False,
    one_time: OneTime = False,
) -> None:
    """Add an account; the password is asked for, or comes by standard input, never as an argument."""
    with told():
        wanted = role_named(role)
        load()
        password = _password(login, from_stdin=password_stdin, one_time=one_time)

        async def act(connection: Connection) -> None:
            new = NewAccount(login, wanted, await hash_password(password), must_change_password=one_time)
            await store.add_account(connection, new, by=BY_COMMAND, now=SystemClock().now())

        _on_accounts(act)
    typer.echo(f"Added {login}, as {wanted}.")
    if one_time:
        typer.echo(f"The password for the first sign-in: {password}")


@app.command("list")
def list_all() -> None:
    """List accounts: login, role, when it was made, number of API tokens, and whether it was deactivated."""
    with told():
        accounts = _on_accounts(list_accounts)
    for account in accounts:
        state = "deactivated" if account.deactivated_at else "active"
        made = f"{account.created_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{account.login}\t{account.role}\t{made}\t{account.tokens}\t{state}")
    if not accounts:
        typer.echo("There is no account yet: `contacts-sync migrate` makes the first one.", err=True)


@app.command()
def role(login: Login, role: Annotated[str, typer.Argument(help=f"One of {', '.join(Role)}.")]) -> None:
    """Give an account another role; at least one active admin stays."""
    with told():
        wanted = role_named(role)

        async def act(connection: Connection) -> None:
            account = await find_account(connection, login)
            await store.change_role(connection, account.id, wanted, by=BY_COMMAND, now=SystemClock().now())

        _on_accounts(act)
    typer.echo(f"{login} is {wanted}.")


@app.command()
def password(login: Login, *, password_stdin: PasswordStdin = False, one_time: OneTime = False) -> None:
    """Give an account another password, asked for if not handed in; all its sessions end, its tokens stay."""
    with told():
        load()
        chosen = _password(login, from_stdin=password_stdin, one_time=one_time)

        async def act(connection: Connection) -> None:
            account = await find_account(connection, login)
            password_hash = await hash_password(chosen)
            now = SystemClock().now()
            await set_password(connection, account.id, password_hash, one_time=one_time, by=BY_COMMAND, now=now)

        _on_accounts(act)
    typer.echo(f"{login} has another password.")
    if one_time:
        typer.echo(f"The password for the first sign-in: {chosen}")


@app.command()
def deactivate(login: Login) -> None:
    """Let an account in no more, neither by password nor by token."""

    async def act(connection: Connection) -> None:
        account = await find_account(connection, login)
        await store.deactivate(connection, account.id, by=BY_COMMAND, now=SystemClock().now())

    with told():
        _on_accounts(act)
    typer.echo(f"{login} is deactivated.")


@app.command()
def activate(login: Login) -> None:
    """Let a deactivated account in again."""

    async def act(connection: Connection) -> None:
        account = await find_account(connection, login)
        await store.activate(connection, account.id, by=BY_COMMAND, now=SystemClock().now())

    with told():
        _on_accounts(act)
    typer.echo(f"{login} is active.")
