"""The search of contacts brought up to date, a little in each transaction.

What is written goes by the contacts as they are, not by what a change made of them: whatever is done twice, or after
something later, comes to the same. The transaction that writes also moves the cursor, which it holds meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from shared.postgres.database import Connection, Pool
from shared.rules.search_text import search_text
from shared.store.change_log import deleted_between

BATCH: Final = 1_000
"""Changes, contacts or entries in one transaction."""

_BEHIND = """
SELECT c.manager_id FROM search_cursors c JOIN managers m ON m.id = c.manager_id
WHERE m.change_number > c.indexed_number OR EXISTS (
    SELECT FROM search_fields f WHERE f.manager_id = c.manager_id AND (f.state <> 'filled' OR NOT f.is_wanted))
ORDER BY c.manager_id
"""

_RUNS_AT_WORK = """
SELECT count(*) AS runs, count(*) FILTER (WHERE manager_id = $1 AND status IN ('planning', 'applying')) AS own
FROM runs WHERE finished_at IS NULL AND status IN ('fetching', 'staging', 'planning', 'applying')
    AND NOT (status = 'planning' AND NOT dry_run AND plan_change_number IS NOT NULL
        AND EXISTS (SELECT FROM applies_pause WHERE ended_at IS NULL))
"""

# A process that is killed or cut off leaves rows and cursor as they were together, so no commit has to be waited for.
# The tables grow by a million rows at once, and what the planner knows of them is old: only the indexes are right.
_GENTLY = """
SET LOCAL synchronous_commit = off;
SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off
"""

_HOLD = """
SELECT c.indexed_number AS indexed, m.change_number AS last FROM search_cursors c JOIN managers m ON m.id = c.manager_id
WHERE c.manager_id = $1 FOR UPDATE OF c SKIP LOCKED
"""

# What is wanted no more is emptied, also where it is wanted again before all is gone: nothing follows it meanwhile.
_LET_GO = """
UPDATE search_fields SET state = 'emptying', place = ''
WHERE manager_id = $1 AND NOT is_wanted AND state <> 'emptying'
"""

_FIELDS = """
SELECT field AS number, is_wanted, state, place FROM search_fields WHERE manager_id = $1 ORDER BY field
"""

_CHANGED = """
SELECT unique_id, fields FROM contacts WHERE manager_id = $1 AND change_number > $2 AND change_number <= $3
"""

_NEXT = """
SELECT unique_id, fields FROM contacts WHERE manager_id = $1 AND unique_id > $2 ORDER BY unique_id LIMIT $3
"""

_PUT = """
INSERT INTO contact_search (manager_id, unique_id, field, value)
SELECT $1, e.unique_id, e.field, e.value
FROM unnest($2::text[], $3::integer[], $4::text[]) AS e (unique_id, field, value)
ON CONFLICT (manager_id, unique_id, field) DO UPDATE SET value = excluded.value
WHERE contact_search.value <> excluded.value
"""

_TAKE_OUT = """
DELETE FROM contact_search s USING unnest($2::text[], $3::integer[]) AS e (unique_id, field)
WHERE s.manager_id = $1 AND s.unique_id = e.unique_id AND s.field = e.field
"""

# In the order of the contacts: entries of one value may be as many as there are contacts, and those that were deleted
# stand in the index until it is vacuumed.
_EMPTY = """
WITH going AS MATERIALIZED (
    SELECT unique_id FROM contact_search WHERE manager_id = $1 AND field = $2 AND unique_id > $3
    ORDER BY unique_id LIMIT $4
), gone AS (
    DELETE FROM contact_search s USING going g
    WHERE s.manager_id = $1 AND s.unique_id = g.unique_id AND s.field = $2
)
SELECT count(*) AS entries, max(unique_id) AS place FROM going
"""


@dataclass(frozen=True)
class _Field:
    number: int
    is_wanted: bool
    state: str
    place: str


@dataclass(frozen=True)
class RunsAtWork:
    """How many runs want the machine, and how many of those are planned or applied for one manager."""

    runs: int
    own: int


async def managers_behind(pool: Pool) -> list[UUID]:
    """Return managers whose search has something to take in."""
    return [row["manager_id"] for row in await pool.fetch(_BEHIND)]


async def runs_at_work(pool: Pool, manager_id: UUID) -> RunsAtWork:
    """Return which runs a batch of this manager would be beside."""
    row = await pool.fetchrow(_RUNS_AT_WORK, manager_id)
    assert row is not None
    return RunsAtWork(**dict(row))


async def index_some(connection: Connection, manager_id: UUID) -> bool:
    """Take in up to a batch; false where there is nothing left, or another process is at it."""
    async with connection.transaction():
        await connection.execute(_GENTLY)
        cursor = await connection.fetchrow(_HOLD, manager_id)
        if cursor is None:
            return False
        await connection.execute(_LET_GO, manager_id)
        fields = [_Field(**dict[str, Any](row)) for row in await connection.fetch(_FIELDS, manager_id)]
        filling = [each for each in fields if each.state == "filling"]
        emptying = [each for each in fields if each.state == "emptying"]
        if cursor["indexed"] < cursor["last"]:
            await _follow(connection, manager_id, cursor, [each.number for each in fields if each not in emptying])
        elif filling:
            await _fill(connection, manager_id, filling)
        elif emptying:
            await _empty(connection, manager_id, emptying[0])
        else:
            return False
        return True


async def _follow(connection: Connection, manager_id: UUID, cursor: asyncpg.Record, numbers: list[int]) -> None:
    """Take in the next changes. A contact that changes again meanwhile comes once more, with a later number."""
    first, until = cursor["indexed"] + 1, cursor["last"]
    if numbers:
        until = min(until, cursor["indexed"] + BATCH)
        contacts = {
            row["unique_id"]: row["fields"] for row in await connection.fetch(_CHANGED, manager_id, first - 1, until)
        }
        for unique_id in await deleted_between(connection, manager_id, first, until):
            contacts.setdefault(unique_id, {})
        await _write(connection, manager_id, contacts, numbers)
    await connection.execute("UPDATE search_cursors SET indexed_number = $2 WHERE manager_id = $1", manager_id, until)


async def _fill(connection: Connection, manager_id: UUID, filling: list[_Field]) -> None:
    """Take in the next contacts, for all newly marked fields that have come as far."""
    place = min(each.place for each in filling)
    numbers = [each.number for each in filling if each.place == place]
    rows = await connection.fetch(_NEXT, manager_id, place, BATCH)
    await _write(connection, manager_id, {row["unique_id"]: row["fields"] for row in rows}, numbers)
    await connection.execute(
        """UPDATE search_fields SET state = $3, place = $4, contacts_filled = contacts_filled + $5
        WHERE manager_id = $1 AND field = ANY ($2)""",
        manager_id,
        numbers,
        "filling" if len(rows) == BATCH else "filled",
        rows[-1]["unique_id"] if rows else place,
        len(rows),
    )


async def _empty(connection: Connection, manager_id: UUID, field: _Field) -> None:
    """Take out entries of a field; one that is wanted again when its last is gone is filled anew."""
    await connection.execute("SET LOCAL enable_sort = off")
    row = await connection.fetchrow(_EMPTY, manager_id, field.number, field.place, BATCH)
    assert row is not None
    key = manager_id, field.number
    if row["entries"] == BATCH:
        await connection.execute(
            "UPDATE search_fields SET place = $3 WHERE manager_id = $1 AND field = $2", *key, row["place"]
        )
        return
    await connection.execute("DELETE FROM search_fields WHERE manager_id = $1 AND field = $2", *key)
    if field.is_wanted:
        await connection.execute("INSERT INTO search_fields (manager_id, field) VALUES ($1, $2)", *key)
    await connection.execute(
        """DELETE FROM search_cursors c WHERE manager_id = $1
        AND NOT EXISTS (SELECT FROM search_fields f WHERE f.manager_id = c.manager_id)""",
        manager_id,
    )


async def _write(
    connection: Connection, manager_id: UUID, contacts: dict[str, dict[str, str]], numbers: Iterable[int]
) -> None:
    """Give contacts the entries of their values, and take out those of values that are gone."""
    entries: list[tuple[str, int, str]] = []
    without: list[tuple[str, int]] = []
    for unique_id, values in contacts.items():
        for number in numbers:
            if text := search_text(values.get(str(number), "")):
                entries.append((unique_id, number, text))
            else:
                without.append((unique_id, number))
    if without:
        await connection.execute(_TAKE_OUT, manager_id, *map(list, zip(*without, strict=True)))
    if entries:
        await connection.execute(_PUT, manager_id, *map(list, zip(*entries, strict=True)))
