"""What those on call look at first: work under way, and what waits to be said or mailed."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from shared.postgres.database import Connection
from shared.store.applies_pause import AppliesPause, applies_pause


class Waiting(BaseModel):
    """How many wait, and since when the longest."""

    count: int
    since: datetime | None = Field(description="Null: none waits")


class OpenRuns(BaseModel):
    """The open runs of one status."""

    status: str
    count: int
    since: datetime = Field(description="When the oldest of them was asked for")
    run_id: UUID = Field(description="The oldest of them")
    import_name: str
    is_draft: bool = Field(default=False, description="Of a set-up that is not finished: its name is not told")


class OperationsView(BaseModel):
    """The state of the whole system."""

    applies_paused: AppliesPause | None = Field(description="Null: runs write their changes")
    open_runs: list[OpenRuns]
    events: Waiting = Field(description="Events that were decided on, and are not said yet")
    changes: int = Field(description="Changes of contacts that `contacts.changed` has not told of yet")
    search: int = Field(description="Changes, and contacts of newly marked fields, that the search has yet to take in")
    mails: Waiting = Field(description="Mails that were written, and that no server has taken yet")


_OPEN_RUNS = """
SELECT DISTINCT ON (place, r.status) r.status, count(*) OVER (PARTITION BY r.status) AS count, r.queued_at AS since,
    r.id AS run_id, CASE WHEN i.is_draft THEN '' ELSE i.name END AS import_name, i.is_draft,
    array_position(ARRAY['queued', 'fetching', 'staging', 'planning', 'applying'], r.status) AS place
FROM runs r JOIN imports i ON i.id = r.import_id WHERE r.finished_at IS NULL ORDER BY place, r.status, r.queued_at
"""
_EVENTS = "SELECT count(*), min(created_at) AS since FROM outbox WHERE published_at IS NULL"
_CHANGES = """
SELECT coalesce(sum(m.change_number - coalesce(f.said_number, 0)), 0)::bigint
FROM managers m LEFT JOIN change_feeds f ON f.manager_id = m.id
"""
_SEARCH = """
SELECT coalesce(sum(m.change_number - c.indexed_number), 0)::bigint + coalesce(sum((
    SELECT sum(greatest(m.contact_count - CASE f.state WHEN 'filling' THEN f.contacts_filled ELSE 0 END, 0))
    FROM search_fields f WHERE f.manager_id = m.id AND f.is_wanted AND f.state <> 'filled')), 0)::bigint
FROM managers m JOIN search_cursors c ON c.manager_id = m.id
"""
_MAILS = "SELECT count(*), min(prepared_at) AS since FROM outgoing_mails WHERE next_try_at IS NOT NULL"


async def operations(connection: Connection) -> OperationsView:
    """Return how things stand now."""
    open_runs = await connection.fetch(_OPEN_RUNS)
    events, mails = await connection.fetchrow(_EVENTS), await connection.fetchrow(_MAILS)
    assert events is not None
    assert mails is not None
    return OperationsView(
        applies_paused=await applies_pause(connection),
        open_runs=[OpenRuns.model_validate(dict(row)) for row in open_runs],
        events=Waiting(**dict(events)),
        changes=await connection.fetchval(_CHANGES),
        search=await connection.fetchval(_SEARCH),
        mails=Waiting(**dict(mails)),
    )
