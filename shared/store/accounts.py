"""Accounts: people sign in with a password, programs with a token; only hashes are stored."""

import asyncio
import hashlib

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from shared.ids import new_id

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id at 19 MiB, t=2, p=1."""


def token_digest(token: str) -> bytes:
    """Return what is stored of a token; tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def ensure_account(dsn: str, *, login: str, password: str, token: str) -> None:
    """Make the account where it is missing, and let it in with this password and this token from now on."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            row = await connection.fetchrow("SELECT id, password_hash FROM accounts WHERE login = $1 FOR UPDATE", login)
            account_id = row["id"] if row else new_id()
            if row is None or not await asyncio.to_thread(password_fits, row["password_hash"], password):
                password_hash = await asyncio.to_thread(HASHER.hash, password)
                await connection.execute(
                    """INSERT INTO accounts (id, login, password_hash, created_at) VALUES ($1, $2, $3, now())
                    ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash""",
                    account_id,
                    login,
                    password_hash,
                )
            await connection.execute(
                """INSERT INTO api_tokens (token_sha256, account_id, created_at) VALUES ($1, $2, now())
                ON CONFLICT DO NOTHING""",
                token_digest(token),
                account_id,
            )
    finally:
        await connection.close()


def password_fits(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; takes tens of milliseconds, so call it in a thread."""
    try:
        return HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
