"""Accounts that tests sign in with, or come to the API as."""

from datetime import UTC, datetime

import asyncpg

from shared.ids import new_id
from shared.postgres.database import set_up_connection
from shared.rules.roles import Role
from shared.store.accounts import HASHER, Account, NewAccount, add_account, token_digest
from shared.store.audit_log import Actor

MADE = datetime(2026, 11, 1, tzinfo=UTC)


async def make_account(
    dsn: str, login: str, password: str, role: Role = Role.ADMIN, *, one_time: bool = False
) -> Account:
    """Make an account, whatever its password."""
    connection = await asyncpg.connect(dsn)
    try:
        await set_up_connection(connection)
        new = NewAccount(login, role, HASHER.hash(password), must_change_password=one_time)
        return await add_account(connection, new, by=Actor(), now=MADE)
    finally:
        await connection.close()


async def know_token(
    dsn: str,
    account: Account,
    token: str,
    scope: Role = Role.ADMIN,
    *,
    expires_at: datetime | None = None,
) -> None:
    """Let a token of the tests' own in."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            """INSERT INTO api_tokens (id, token_sha256, account_id, name, scope, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            new_id(),
            token_digest(token),
            account.id,
            f"for tests, {scope}",
            scope,
            MADE,
            expires_at,
        )
    finally:
        await connection.close()
