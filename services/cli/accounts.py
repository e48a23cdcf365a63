"""Accounts as those who operate the system keep them: made, listed, given API tokens."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.clock import Clock
from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection, set_up_connection
from shared.rules.trimming import is_blank, trim
from shared.store.accounts import HASHER, token_digest

SHORTEST_PASSWORD = 12
_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Account:
    """An account and how many API tokens it has."""

    login: str
    created_at: datetime
    tokens: int


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    """Give a connection for one command."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "contacts-sync-cli"})
    try:
        await set_up_connection(connection)
        yield connection
    finally:
        await connection.close()


async def add_account(connection: Connection, login: str, password: str, clock: Clock) -> None:
    """Make an account; UserError `login_missing`, `password_short` or `login_taken`."""
    if is_blank(login):
        raise UserError("login_missing", "Give a login that is not blank.", field="login")
    if len(password) < SHORTEST_PASSWORD:
        message = f"The password has to have at least {SHORTEST_PASSWORD} characters."
        raise UserError("password_short", message, field="password")
    password_hash = await asyncio.to_thread(HASHER.hash, password)
    added = await connection.fetchval(
        """INSERT INTO accounts (id, login, password_hash, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (login) DO NOTHING RETURNING true""",
        new_id(),
        trim(login),
        password_hash,
        clock.now(),
    )
    if not added:
        raise UserError("login_taken", f'There is an account "{trim(login)}" already.', field="login")


async def make_token(connection: Connection, login: str, clock: Clock) -> str:
    """Return a new API token of an account, of which only a hash is kept; UserError `account_not_found`."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    account_id = await connection.fetchval(
        """INSERT INTO api_tokens (token_sha256, account_id, created_at)
        SELECT $1, id, $3 FROM accounts WHERE login = $2 RETURNING account_id""",
        token_digest(token),
        trim(login),
        clock.now(),
    )
    if account_id is None:
        message = f'There is no account "{trim(login)}": `contacts-sync users list` shows them.'
        raise UserError("account_not_found", message, field="login")
    return token


async def list_accounts(connection: Connection) -> list[Account]:
    """Return all accounts by login."""
    rows = await connection.fetch(
        """SELECT login, created_at, (SELECT count(*) FROM api_tokens t WHERE t.account_id = a.id) AS tokens
        FROM accounts a ORDER BY login"""
    )
    return [Account(**dict(row)) for row in rows]
