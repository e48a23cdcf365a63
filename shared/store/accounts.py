"""Accounts: people sign in with a password, programs with a token; only hashes are stored. Owner: web and cli.

Each function works in the caller's transaction.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.rules.trimming import is_blank, trim
from shared.store.audit_log import Actor, AuditObject, record

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id at 19 MiB, t=2, p=1."""

_LONGEST_LOGIN = 200
_COLUMNS = """id, login, role, created_at, must_change_password, deactivated_at, (
    SELECT count(*) FROM api_tokens t WHERE t.account_id = accounts.id AND t.revoked_at IS NULL) AS tokens"""


@dataclass(frozen=True)
class Account:
    """An account, and how many API tokens it has that were not revoked."""

    id: UUID
    login: str
    role: Role
    created_at: datetime
    must_change_password: bool
    deactivated_at: datetime | None
    tokens: int

    @property
    def about(self) -> AuditObject:
        """Return what the audit log calls it."""
        return AuditObject("account", self.id, self.login)


@dataclass(frozen=True)
class NewAccount:
    """An account to be made; `password_hash` is of a password that was judged, or made up for it."""

    login: str
    role: Role
    password_hash: str = field(repr=False)
    must_change_password: bool = False


def token_digest(token: str) -> bytes:
    """Return what is stored of a token; tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def password_fits(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; takes tens of milliseconds, so call it in a thread."""
    try:
        return HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def checked_login(login: str) -> str:
    """Return a login as it is stored; UserError `login_missing` or `login_invalid`."""
    if is_blank(login):
        raise UserError("login_missing", "Give a login that is not blank.", field="login")
    trimmed = trim(login)
    if len(trimmed) > _LONGEST_LOGIN or not trimmed.isprintable():
        message = f"A login has at most {_LONGEST_LOGIN} characters, all of them printable."
        raise UserError("login_invalid", message, field="login")
    return trimmed


async def add_account(connection: Connection, new: NewAccount, *, by: Actor, now: datetime) -> Account:
    """Make an account; UserError `login_missing`, `login_invalid` or `login_taken`."""
    login = checked_login(new.login)
    added = await connection.fetchval(
        """INSERT INTO accounts (id, login, role, password_hash, must_change_password, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (login) DO NOTHING RETURNING id""",
        new_id(),
        login,
        new.role,
        new.password_hash,
        new.must_change_password,
        now,
    )
    if added is None:
        raise UserError("login_taken", f'There is an account "{login}" already.', field="login")
    account = await get_account(connection, added)
    await record(connection, by, "account.added", account.about, {"role": {"before": None, "after": new.role}}, now=now)
    return account


async def get_account(connection: Connection, account_id: UUID, *, lock: bool = False) -> Account:
    """Return an account, its row locked if wanted; UserError `account_not_found`."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM accounts WHERE id = $1 {'FOR UPDATE' if lock else ''}", account_id
    )
    if row is None:
        raise UserError("account_not_found", "There is no such account.")
    return _account(dict(row))


async def find_account(connection: Connection, login: str) -> Account:
    """Return the account with that login; UserError `account_not_found`."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM accounts WHERE login = $1", trim(login))
    if row is None:
        message = f'There is no account "{trim(login)}": `contacts-sync users list` shows them.'
        raise UserError("account_not_found", message, field="login")
    return _account(dict(row))


async def list_accounts(connection: Connection) -> list[Account]:
    """Return all accounts by login."""
    return [_account(dict(row)) for row in await connection.fetch(f"SELECT {_COLUMNS} FROM accounts ORDER BY login")]


async def admin_logins(connection: Connection, *, limit: int) -> list[str]:
    """Return the logins of some of those who may give roles."""
    rows = await connection.fetch(
        "SELECT login FROM accounts WHERE role = 'admin' AND deactivated_at IS NULL ORDER BY login LIMIT $1", limit
    )
    return [row["login"] for row in rows]


async def change_role(connection: Connection, account_id: UUID, role: Role, *, by: Actor, now: datetime) -> None:
    """Give an account another role; UserError `account_not_found`, or `last_admin`."""
    if role is not Role.ADMIN:
        await _keep_an_admin_beside(connection, account_id)
    account = await get_account(connection, account_id, lock=True)
    if account.role is role:
        return
    await connection.execute("UPDATE accounts SET role = $2 WHERE id = $1", account_id, role)
    details = {"role": {"before": account.role, "after": role}}
    await record(connection, by, "role.changed", account.about, details, now=now)


async def deactivate(connection: Connection, account_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let an account in no more, neither by password nor by token; UserError `account_not_found`, or `last_admin`."""
    await _keep_an_admin_beside(connection, account_id)
    account = await get_account(connection, account_id, lock=True)
    if account.deactivated_at is not None:
        return
    await connection.execute("UPDATE accounts SET deactivated_at = $2 WHERE id = $1", account_id, now)
    await connection.execute("DELETE FROM sessions WHERE account_id = $1", account_id)
    await record(connection, by, "account.deactivated", account.about, now=now)


async def activate(connection: Connection, account_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let a deactivated account in again, with the password and the tokens it had; UserError `account_not_found`."""
    account = await get_account(connection, account_id, lock=True)
    if account.deactivated_at is None:
        return
    await connection.execute("UPDATE accounts SET deactivated_at = NULL WHERE id = $1", account_id)
    await record(connection, by, "account.activated", account.about, now=now)


async def _keep_an_admin_beside(connection: Connection, account_id: UUID) -> None:
    # All their rows in one order, so that of two who take each other's role away the second finds itself the last.
    rows = await connection.fetch(
        "SELECT id FROM accounts WHERE role = 'admin' AND deactivated_at IS NULL ORDER BY id FOR UPDATE"
    )
    if [row["id"] for row in rows] == [account_id]:
        message = "This is the last admin: somebody has to look after the accounts. Make another one admin first."
        raise UserError("last_admin", message, field="role")


def _account(row: dict[str, object]) -> Account:
    return Account(**row | {"role": Role(str(row["role"]))})  # type: ignore[arg-type] # as the columns are
