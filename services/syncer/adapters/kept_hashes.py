"""Hashes of passwords outlive the plan they were made for: whatever has it made anew, none is computed twice."""

from uuid import UUID

from shared.postgres.database import Connection

_SET_ASIDE = """
CREATE TEMP TABLE hashed_passwords ON COMMIT DROP AS
SELECT unique_id, field, fingerprint, hash FROM plan_passwords
WHERE run_id = $1 AND hash IS NOT NULL AND fingerprint IS NOT NULL
"""

_TAKE_UP = """
UPDATE plan_passwords p SET hash = h.hash, sealed = NULL FROM hashed_passwords h
WHERE p.run_id = $1 AND p.sealed IS NOT NULL
    AND h.unique_id = p.unique_id AND h.field = p.field AND h.fingerprint = p.fingerprint
"""


async def set_hashes_aside(connection: Connection, run_id: UUID) -> None:
    """Keep the hashes of a plan that is about to be made anew, until the transaction ends."""
    await connection.execute(_SET_ASIDE, run_id)


async def take_up_hashes(connection: Connection, run_id: UUID) -> None:
    """Give the new plan the hashes that were set aside, of passwords that it still sets."""
    await connection.execute("ANALYZE hashed_passwords")
    await connection.execute(_TAKE_UP, run_id)


async def all_hashed(connection: Connection, run_id: UUID) -> bool:
    """Tell whether a plan has no password left to be hashed."""
    left: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM plan_passwords WHERE run_id = $1 AND sealed IS NOT NULL)", run_id
    )
    return not left
