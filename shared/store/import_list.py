"""The imports of a manager as its home page lists them: by name, those that a text and a state find."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.postgres.database import Connection
from shared.store.imports import COLUMNS, SavedImport, saved_import

ImportState = Literal["all", "attention", "running", "scheduled", "paused"]

# What is wrong with an import is what its latest run for real came to: a dry run mends nothing.
_FOUND = """
SELECT i.*, lower(i.name) AS place,
    f.status IN ('succeeded_with_errors', 'refused', 'failed', 'planned') AS attention,
    l.id IS NOT NULL AND l.finished_at IS NULL AS running,
    i.next_run_at IS NOT NULL AS scheduled,
    i.schedule IS NOT NULL AND i.pause_from <= $3 AND (i.pause_until IS NULL OR i.pause_until > $3) AS paused
FROM imports i LEFT JOIN LATERAL (
    SELECT r.id, r.finished_at FROM runs r WHERE r.import_id = i.id ORDER BY r.id DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (
    SELECT r.status FROM runs r WHERE r.import_id = i.id AND NOT r.dry_run ORDER BY r.id DESC LIMIT 1) f ON true
WHERE i.manager_id = $1 AND i.deleted_at IS NULL AND NOT i.is_draft AND ($2 = '' OR strpos(lower(i.name), lower($2)) > 0
    OR strpos(lower(coalesce(i.setup -> 'source' ->> 'url', i.setup -> 'source' ->> 'name')), lower($2)) > 0)
"""

_LISTED = f"""
SELECT place, {COLUMNS} FROM ({_FOUND}) AS found
WHERE CASE $4 WHEN 'attention' THEN attention WHEN 'running' THEN running WHEN 'scheduled' THEN scheduled
    WHEN 'paused' THEN paused ELSE true END AND ($5::text IS NULL OR (place, id) > ($5, $6::uuid))
ORDER BY place, id LIMIT $7
"""

_COUNTED = f"""
SELECT count(*) AS "all", count(*) FILTER (WHERE attention) AS attention, count(*) FILTER (WHERE running) AS running,
    count(*) FILTER (WHERE scheduled) AS scheduled, count(*) FILTER (WHERE paused) AS paused FROM ({_FOUND}) AS found
"""


@dataclass(frozen=True)
class ImportQuery:
    """Which imports are looked for: of what manager, with a text in their name or source, and in which state at `now`.

    `after` is the place of the last one on the page before.
    """

    manager_id: UUID
    now: datetime
    text: str = ""
    state: ImportState = "all"
    after: tuple[str, UUID] | None = None


async def find_imports(
    connection: Connection, query: ImportQuery, *, limit: int
) -> list[tuple[tuple[str, UUID], SavedImport]]:
    """Return imports by name, with their places."""
    after = query.after or (None, None)
    rows = await connection.fetch(_LISTED, query.manager_id, query.text, query.now, query.state, *after, limit)
    return [((row["place"], row["id"]), _saved(dict(row))) for row in rows]


async def count_imports(connection: Connection, query: ImportQuery) -> dict[str, int]:
    """Return how many the text finds, by state."""
    row = await connection.fetchrow(_COUNTED, query.manager_id, query.text, query.now)
    return dict(row) if row else {}


def _saved(row: dict[str, Any]) -> SavedImport:
    row.pop("place")
    return saved_import(row)
