"""The temporary tables that planning works in: made once for each connection, emptied as its transaction ends.

To make and drop them for each run would cost a small one more than its rows do. To empty a table with long values costs
too, so unique ids, which an index keeps short, are stored in place, and passwords have tables only where there are any.
"""

from shared.postgres.database import Connection

_MAKE = """
CREATE TEMP TABLE IF NOT EXISTS staged_unpacked
    (unique_id text COLLATE "C", row_hash bigint, line bigint NOT NULL, fields jsonb) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS rejected_ids (unique_id text STORAGE PLAIN COLLATE "C") ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS differing (contact_id text STORAGE PLAIN COLLATE "C",
    row_id text STORAGE PLAIN COLLATE "C", line bigint) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS added_lines (line bigint) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS incoming
    (line bigint, unique_id text COLLATE "C", row_hash bigint, fields jsonb, kept integer[]) ON COMMIT DELETE ROWS
"""

_MAKE_PASSWORDS = """
CREATE TEMP TABLE IF NOT EXISTS incoming_passwords
    (line bigint, unique_id text COLLATE "C", field integer, fingerprint text, sealed text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS all_passwords (LIKE incoming_passwords) ON COMMIT DELETE ROWS
"""


async def make_plan_tables(connection: Connection, *, passwords: bool) -> None:
    """Make the tables where this connection has none yet; all are empty at the begin of a transaction.

    Those of passwords are made where the run has any: `incoming_passwords` and `all_passwords`.
    """
    await connection.execute(_MAKE)
    if passwords:
        await connection.execute(_MAKE_PASSWORDS)
