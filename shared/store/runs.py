"""Runs: queued, moved from step to step, and ended once. Owner: scheduler; web and syncer call these functions.

Each function works in the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection, Pool
from shared.store.set_ups import RunSetup, RunTrigger

STEPS = ("queued", "fetching", "staging", "planning", "applying")
"""The states of an open run, in order; it only moves forward within an attempt."""


@dataclass(frozen=True)
class OpenRun:
    """A run under way, as the database has it.

    Beats, and whether a run is silent, go by the database's clock: those of the services may be apart.
    """

    id: UUID
    import_id: UUID
    manager_id: UUID
    status: str
    attempt: int
    dry_run: bool
    beat_at: datetime
    plan_change_number: int | None
    is_first_load: bool
    approves: UUID | None
    undoes: UUID | None
    additions_and_updates_only: bool
    kept_setup: dict[str, Any] = field(repr=False)
    """The set-up as it is stored."""

    @cached_property
    def setup(self) -> RunSetup:
        """The set-up that the run began with; who only stages has no need of it."""
        return RunSetup.model_validate(self.kept_setup)


def setup_now(row: asyncpg.Record | Mapping[str, Any], fields: Sequence[asyncpg.Record]) -> RunSetup:
    """Return an import's set-up for a run.

    `row` has the import's name, setup, schedule and host_key, and manager_name; `fields` are its manager's, in order.
    """
    source = dict(row["setup"]["source"])
    if source["kind"] == "remote" and not source.get("host_key"):
        source["host_key"] = row["host_key"]
    return RunSetup.model_validate(
        row["setup"]
        | {
            "source": source,
            "name": row["name"],
            "manager_name": row["manager_name"],
            "fields": [{"number": each["number"], "name": each["name"], "kind": each["kind"]} for each in fields],
            "scheduled": row["schedule"] is not None,
            "time_zone": (row["schedule"] or {}).get("time_zone", "UTC"),
        }
    )


async def setup_of(
    connection: Connection, import_id: UUID, *, or_draft: bool = False, schedule_to_be: Mapping[str, Any] | None = None
) -> tuple[UUID, RunSetup]:
    """Return an import's manager, and the set-up with which a run would begin now; UserError `import_not_found`.

    `or_draft`: also of one that is not finished. It has no schedule yet: `schedule_to_be` is the one it is to have.
    """
    row = await connection.fetchrow(
        """SELECT i.manager_id, i.name, i.setup, i.schedule, i.host_key, m.name AS manager_name
        FROM imports i JOIN managers m ON m.id = i.manager_id
        WHERE i.id = $1 AND i.deleted_at IS NULL AND (NOT i.is_draft OR $2)""",
        import_id,
        or_draft,
    )
    if row is None:
        raise UserError("import_not_found", "There is no such import.")
    fields = await connection.fetch(
        "SELECT number, name, kind FROM fields WHERE manager_id = $1 ORDER BY number", row["manager_id"]
    )
    return row["manager_id"], setup_now(dict(row) | {"schedule": row["schedule"] or schedule_to_be}, fields)


async def request_run(
    connection: Connection,
    import_id: UUID,
    *,
    trigger: RunTrigger,
    now: datetime,
    dry_run: bool = False,
    account_id: UUID | None = None,
    schedule_to_be: Mapping[str, Any] | None = None,
) -> UUID:
    """Queue a run of an import with its set-up as it is now; returns the run's id. Of a draft only dry runs can be had.

    UserError `import_not_found`, or `run_active` while another run of the import is under way.
    """
    manager_id, setup = await setup_of(connection, import_id, or_draft=dry_run, schedule_to_be=schedule_to_be)
    run_id = new_id()
    try:
        async with connection.transaction():
            await connection.execute(
                """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint,
                queued_at, requested_by) VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $9)""",
                run_id,
                import_id,
                manager_id,
                trigger,
                dry_run,
                setup.model_dump(mode="json"),
                setup.fingerprint(),
                now,
                account_id,
            )
    except asyncpg.UniqueViolationError as error:
        raise run_active() from error
    return run_id


def run_active() -> UserError:
    """Return the error that says that an import has a run already."""
    return UserError("run_active", "A run of this import is under way; wait until it has ended.")


_OPEN_RUN = """SELECT id, import_id, manager_id, status, attempt, dry_run, beat_at, plan_change_number, is_first_load,
    approves, undoes, additions_and_updates_only, setup AS kept_setup
FROM runs WHERE id = $1 AND attempt = $2 AND finished_at IS NULL"""


async def read_open_run(connection: Connection, run_id: UUID, attempt: int) -> OpenRun | None:
    """Return the run if it is open and the attempt is its current one; else None."""
    return _open_run(await connection.fetchrow(_OPEN_RUN, run_id, attempt))


async def lock_open_run(connection: Connection, run_id: UUID, attempt: int) -> OpenRun | None:
    """Do the same, and lock the run's row until the transaction ends."""
    return _open_run(await connection.fetchrow(_OPEN_RUN + " FOR NO KEY UPDATE", run_id, attempt))


def _open_run(row: asyncpg.Record | None) -> OpenRun | None:
    return OpenRun(**dict(row)) if row else None


async def give_up_attempt(connection: Connection | Pool, run_id: UUID, attempt: int) -> None:
    """Let the run count as silent, to be asked for again at the scheduler's next look: what it had is lost."""
    await connection.execute(
        """UPDATE runs SET status = 'staging', beat_at = now() - interval '1 day'
        WHERE id = $1 AND attempt = $2 AND finished_at IS NULL""",
        run_id,
        attempt,
    )


# One round trip, for a small run is little more than such steps; all parts see what was there before.
_ENTER_STEP = """
WITH moved AS (
    UPDATE runs SET status = $3, beat_at = clock_timestamp()
    WHERE id = $1 AND attempt = $2 AND status = ANY ($5) RETURNING id
), ended AS (
    UPDATE run_steps s SET finished_at = $4 FROM moved WHERE s.run_id = moved.id AND s.finished_at IS NULL
), begun AS (
    INSERT INTO run_steps (run_id, attempt, step, service, started_at) SELECT id, $2, $3, $6, $4 FROM moved
    ON CONFLICT DO NOTHING
)
SELECT pg_notify('run_changed', id::text) IS NOT NULL FROM moved
"""


async def enter_step(
    connection: Connection, run_id: UUID, attempt: int, step: str, *, service: str, now: datetime
) -> bool:
    """Move an open run on to a later step and beat; false where it is already there, past it, or not current."""
    earlier = STEPS[: STEPS.index(step)]
    return bool(await connection.fetchval(_ENTER_STEP, run_id, attempt, step, now, list(earlier), service))


async def announce(connection: Connection, run_id: UUID) -> None:
    """Tell those who watch the run (server-sent events) that its row has changed, once the transaction commits."""
    await connection.execute("SELECT pg_notify('run_changed', $1)", str(run_id))


async def any_run_active(dsn: str) -> bool:
    """Tell whether any run is under way."""
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM runs WHERE finished_at IS NULL)"))
    finally:
        await connection.close()
