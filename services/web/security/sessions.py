"""People sign in with a password and get a session: a random id in a cookie, kept in Postgres as a hash."""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.accounts import HASHER, password_fits, token_digest
from shared.store.audit_log import Actor

COOKIE = "contacts_sync_session"

_ID_BYTES = 32
# Compared with when the login is unknown, so that the time an answer takes doesn't tell.
_NOBODY = HASHER.hash(secrets.token_urlsafe())


@dataclass(frozen=True)
class Session:
    """Someone who has signed in; the CSRF token stands in each of their forms.

    While `must_change_password`, they came with a one-time password, and can do no more than choose another.
    """

    account_id: UUID
    login: str
    role: Role
    must_change_password: bool
    csrf_token: str = field(repr=False)

    @property
    def actor(self) -> Actor:
        """Return them as the audit log knows them."""
        return Actor(self.account_id, self.login)

    def may(self, role: str) -> bool:
        """Tell whether they may do what this role may."""
        return self.role.includes(Role(role))


async def sign_in(
    connection: Connection, login: str, password: str, *, now: datetime, expires_at: datetime
) -> str | None:
    """Return a new session's id, or None where login and password don't fit; forgets expired sessions."""
    row = await connection.fetchrow(
        "SELECT id, password_hash FROM accounts WHERE login = $1 AND deactivated_at IS NULL", login
    )
    fits = await asyncio.to_thread(password_fits, row["password_hash"] if row else _NOBODY, password)
    if row is None or not fits:
        return None
    session_id = secrets.token_urlsafe(_ID_BYTES)
    await connection.execute("DELETE FROM sessions WHERE expires_at < $1", now)
    await connection.execute(
        "INSERT INTO sessions (session_sha256, account_id, csrf_token, expires_at) VALUES ($1, $2, $3, $4)",
        token_digest(session_id),
        row["id"],
        secrets.token_urlsafe(_ID_BYTES),
        expires_at,
    )
    return session_id


async def session_of(connection: Connection, session_id: str | None, *, now: datetime) -> Session | None:
    """Return the session with that id if there is one and it has not expired."""
    if not session_id:
        return None
    row = await connection.fetchrow(
        """SELECT s.account_id, a.login, a.role, a.must_change_password, s.csrf_token
        FROM sessions s JOIN accounts a ON a.id = s.account_id
        WHERE s.session_sha256 = $1 AND s.expires_at > $2 AND a.deactivated_at IS NULL""",
        token_digest(session_id),
        now,
    )
    return Session(**dict(row) | {"role": Role(row["role"])}) if row else None


async def sign_out(connection: Connection, session_id: str) -> None:
    """End a session."""
    await connection.execute("DELETE FROM sessions WHERE session_sha256 = $1", token_digest(session_id))
