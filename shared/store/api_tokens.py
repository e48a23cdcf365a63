"""API tokens: made for an account, with a scope, shown once, revoked for good.

Each function works in the caller's transaction.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.rules.roles import Role, lesser
from shared.rules.trimming import is_blank, trim
from shared.store.accounts import Account, get_account, token_digest
from shared.store.audit_log import Actor, record

_TOKEN_BYTES = 32
_LONGEST_NAME = 200
_USE_NOTED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a write for each request would cost more than it tells."""


@dataclass(frozen=True)
class ApiToken:
    """A token as it is listed; what it may do is the lesser of its scope and its account's role."""

    id: UUID
    name: str
    scope: Role
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None

    def has_expired(self, now: datetime) -> bool:
        """Tell whether it lets nobody in any more."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True)
class NewToken:
    """A token to be made; without `expires_at` it lasts until it is revoked."""

    name: str
    scope: Role
    expires_at: datetime | None = None


@dataclass(frozen=True)
class TokenHolder:
    """Who comes with a token, and what they may do with it."""

    actor: Actor
    account_id: UUID
    role: Role


async def make_token(connection: Connection, account: Account, new: NewToken, *, by: Actor, now: datetime) -> str:
    """Return a new token, of which only a hash is kept.

    UserError `token_name_invalid`, `scope_too_wide` where it is more than the account's role, `token_expired`.
    """
    if is_blank(new.name) or len(trim(new.name)) > _LONGEST_NAME or not trim(new.name).isprintable():
        message = f"Give the token a name of at most {_LONGEST_NAME} characters: what uses it, for example."
        raise UserError("token_name_invalid", message, field="name")
    if not account.role.includes(new.scope):
        message = f"A token of {account.login} can be {account.role} at most, as {account.login} is."
        raise UserError("scope_too_wide", message, field="scope")
    if new.expires_at is not None and new.expires_at <= now:
        raise UserError("token_expired", "This day has passed; choose a later one.", field="expires")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await connection.execute(
        """INSERT INTO api_tokens (id, token_sha256, account_id, name, scope, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        new_id(),
        token_digest(token),
        account.id,
        trim(new.name),
        new.scope,
        now,
        new.expires_at,
    )
    details = {"name": {"before": None, "after": trim(new.name)}, "scope": {"before": None, "after": new.scope}}
    if new.expires_at is not None:
        details["expires"] = {"before": None, "after": new.expires_at.isoformat()}
    await record(connection, by, "token.made", account.about, details, now=now)
    return token


async def list_tokens(connection: Connection, account_id: UUID) -> list[ApiToken]:
    """Return an account's tokens that were not revoked, in the order they were made."""
    rows = await connection.fetch(
        """SELECT id, name, scope, created_at, last_used_at, expires_at FROM api_tokens
        WHERE account_id = $1 AND revoked_at IS NULL ORDER BY created_at, id""",
        account_id,
    )
    return [ApiToken(**dict(row) | {"scope": Role(row["scope"])}) for row in rows]


async def revoke_token(connection: Connection, account_id: UUID, token_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let a token of the account in no more; UserError `token_not_found` where it has none of that id."""
    row = await connection.fetchrow(
        """UPDATE api_tokens SET revoked_at = $3 WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL
        RETURNING name, scope""",
        token_id,
        account_id,
        now,
    )
    if row is None:
        raise UserError("token_not_found", "There is no such token; it may have been revoked already.")
    account = await get_account(connection, account_id)
    details = {"name": {"before": row["name"], "after": None}, "scope": {"before": row["scope"], "after": None}}
    await record(connection, by, "token.revoked", account.about, details, now=now)


async def holder_of(connection: Connection, token: str, *, now: datetime) -> TokenHolder | None:
    """Return who comes with a token, and note its use; None where it lets nobody in (any more)."""
    row = await connection.fetchrow(
        """SELECT t.id, t.name, t.scope, t.last_used_at, t.account_id, a.login, a.role
        FROM api_tokens t JOIN accounts a ON a.id = t.account_id
        WHERE t.token_sha256 = $1 AND t.revoked_at IS NULL AND coalesce(t.expires_at > $2, true)
        AND a.deactivated_at IS NULL""",
        token_digest(token),
        now,
    )
    if row is None:
        return None
    if row["last_used_at"] is None or row["last_used_at"] < now - _USE_NOTED_EVERY:
        await connection.execute("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1", row["id"], now)
    actor = Actor(row["account_id"], row["login"], row["name"])
    return TokenHolder(actor, row["account_id"], lesser(Role(row["scope"]), Role(row["role"])))
