"""Passwords of accounts: chosen by people, or made up to be used once.

Each function works in the caller's transaction.
"""

import asyncio
import secrets
from datetime import datetime
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.accounts import HASHER, get_account, password_fits
from shared.store.audit_log import Actor, record

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
_ONE_TIME_BYTES = 15


def one_time_password() -> str:
    """Return a new random password."""
    return secrets.token_urlsafe(_ONE_TIME_BYTES)


async def hash_password(password: str) -> str:
    """Return what is stored of a password; UserError `password_short` or `password_long`."""
    if len(password) < SHORTEST_PASSWORD:
        message = f"The password has to have at least {SHORTEST_PASSWORD} characters."
        raise UserError("password_short", message, field="password")
    if len(password) > LONGEST_PASSWORD:
        message = f"The password has to have at most {LONGEST_PASSWORD} characters."
        raise UserError("password_long", message, field="password")
    # Half characters, which a command line may hand in, can't be hashed as UTF-8.
    if not password.isascii() and any("\ud800" <= character <= "\udfff" for character in password):
        raise UserError("password_invalid", "The password holds characters that are none.", field="password")
    return await asyncio.to_thread(HASHER.hash, password)


async def is_password(connection: Connection, account_id: UUID, password: str) -> bool:
    """Tell whether this is the account's password."""
    known = await connection.fetchval("SELECT password_hash FROM accounts WHERE id = $1", account_id)
    return known is not None and await asyncio.to_thread(password_fits, known, password)


async def require_password(connection: Connection, account_id: UUID, password: str) -> None:
    """Refuse what is not the account's password; UserError `old_password_wrong`."""
    if not await is_password(connection, account_id, password):
        raise UserError("old_password_wrong", "This is not your present password.", field="old")


async def set_password(
    connection: Connection,
    account_id: UUID,
    password_hash: str,
    *,
    one_time: bool,
    by: Actor,
    now: datetime,
    keep_session: bytes = b"",
) -> None:
    """Give an account another password, and end its sessions, but the one of that digest; its tokens stay.

    `one_time`: nothing else can be done with it than to choose another one. UserError `account_not_found`.
    """
    account = await get_account(connection, account_id, lock=True)
    await connection.execute(
        "UPDATE accounts SET password_hash = $2, must_change_password = $3 WHERE id = $1",
        account_id,
        password_hash,
        one_time,
    )
    await connection.execute(
        "DELETE FROM sessions WHERE account_id = $1 AND session_sha256 <> $2", account_id, keep_session
    )
    what = "password.reset" if one_time or by.account_id != account_id else "password.changed"
    await record(connection, by, what, account.about, {"password": {"changed": True}}, now=now)
