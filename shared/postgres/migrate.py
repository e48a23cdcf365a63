"""Brings a database to the newest schema: numbered SQL files, each applied once, in one transaction, in order."""

import hashlib
from importlib.resources import files

import asyncpg

from shared.errors import PermanentError

_LOCK = 0x636F6E74  # any number; it keeps two processes from migrating at once

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing and return its names; PermanentError `migration_changed` where a past file was edited."""
    connection = await asyncpg.connect(dsn)
    applied: list[str] = []
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute(_TABLE)
            rows = await connection.fetch("SELECT name, sha256 FROM schema_migrations")
            known = {row["name"]: row["sha256"] for row in rows}
            for name, sql in _migrations():
                digest = hashlib.sha256(sql.encode()).hexdigest()
                if name not in known:
                    await connection.execute(sql)
                    await connection.execute(
                        "INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", name, digest
                    )
                    applied.append(name)
                elif known[name] != digest:
                    raise PermanentError("migration_changed", f"{name} was changed after it had been applied.")
    finally:
        await connection.close()
    return applied


def _migrations() -> list[tuple[str, str]]:
    folder = files("shared.postgres") / "migrations"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [(entry.name, entry.read_text(encoding="utf-8")) for entry in found]
