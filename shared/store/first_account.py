"""The first account, made where there is none, so that somebody can come in and add the others."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.clock import Clock
from shared.ids import new_id
from shared.postgres.database import Connection, set_up_connection
from shared.rules.roles import Role
from shared.store.account_passwords import hash_password, is_password, one_time_password
from shared.store.accounts import NewAccount, add_account, token_digest
from shared.store.audit_log import Actor

FIRST_LOGIN = "admin"

_BY_COMMAND = Actor()


@dataclass(frozen=True)
class Entry:
    """Which of what was kept for the first account still lets somebody in; people may have changed or revoked it."""

    password_fits: bool
    must_change_password: bool
    token_works: bool


async def make_first_account(dsn: str, clock: Clock) -> str | None:
    """Make the first admin and return its one-time password; None where there is any account."""
    connection = await asyncpg.connect(dsn)
    try:
        await set_up_connection(connection)
        password = one_time_password()
        async with connection.transaction():
            made = await _make(connection, password, clock)
        return password if made else None
    finally:
        await connection.close()


async def ensure_first_account(dsn: str, *, password: str, token: str, clock: Clock) -> Entry:
    """Make the first admin where there is no account, with this one-time password, and see that the token is known.

    What people did since stands: a password is never set anew, a revoked token never comes back.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await set_up_connection(connection)
        async with connection.transaction():
            await _make(connection, password, clock)
            # Where others have the database, there may be no account of the first one's name.
            row = await connection.fetchrow(
                """SELECT id FROM accounts WHERE role = 'admin' AND deactivated_at IS NULL
                ORDER BY login = $1 DESC, created_at, id LIMIT 1""",
                FIRST_LOGIN,
            )
            if row is not None:
                await _know_token(connection, row["id"], token, clock)
            first = await connection.fetchrow(
                "SELECT id, must_change_password FROM accounts WHERE login = $1 AND deactivated_at IS NULL",
                FIRST_LOGIN,
            )
            return Entry(
                password_fits=first is not None and await is_password(connection, first["id"], password),
                must_change_password=first is not None and first["must_change_password"],
                token_works=await _lets_in(connection, token),
            )
    finally:
        await connection.close()


async def let_password_stay(dsn: str) -> None:
    """Let the first account's one-time password be its password: for a demonstration on one's own machine."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("UPDATE accounts SET must_change_password = false WHERE login = $1", FIRST_LOGIN)
    finally:
        await connection.close()


async def _make(connection: Connection, password: str, clock: Clock) -> bool:
    # Two that start at once must not both find it empty.
    await connection.execute("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")
    if await connection.fetchval("SELECT EXISTS (SELECT FROM accounts)"):
        return False
    new = NewAccount(FIRST_LOGIN, Role.ADMIN, await hash_password(password), must_change_password=True)
    await add_account(connection, new, by=_BY_COMMAND, now=clock.now())
    return True


async def _know_token(connection: Connection, account_id: UUID, token: str, clock: Clock) -> None:
    await connection.execute(
        """INSERT INTO api_tokens (id, token_sha256, account_id, name, scope, created_at)
        VALUES ($1, $2, $3, 'contacts-sync up', $4, $5) ON CONFLICT (token_sha256) DO NOTHING""",
        new_id(),
        token_digest(token),
        account_id,
        Role.ADMIN,
        clock.now(),
    )


async def _lets_in(connection: Connection, token: str) -> bool:
    found: bool = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM api_tokens t JOIN accounts a ON a.id = t.account_id
        WHERE t.token_sha256 = $1 AND t.revoked_at IS NULL AND a.deactivated_at IS NULL)""",
        token_digest(token),
    )
    return found
