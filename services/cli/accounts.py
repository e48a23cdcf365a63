"""A connection for one command, and accounts as those who operate the system keep them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.errors import UserError
from shared.postgres.database import Connection, set_up_connection
from shared.rules.roles import Role
from shared.store.audit_log import Actor

BY_COMMAND = Actor()
"""Who changes accounts by a command: whoever has the database's password."""


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    """Give a connection for one command."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "contacts-sync-cli"})
    try:
        await set_up_connection(connection)
        yield connection
    finally:
        await connection.close()


def role_named(name: str, *, field: str = "role") -> Role:
    """Return the role of that name; UserError `role_unknown`."""
    try:
        return Role(name)
    except ValueError:
        raise UserError("role_unknown", f"There is no such role: {', '.join(Role)}.", field=field) from None
