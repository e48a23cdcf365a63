"""A run's plan as it is kept: its changes and passwords in tables of their own, the rest with the run."""

from dataclasses import dataclass, field
from uuid import UUID

from services.syncer.adapters.applying import LockedManager
from services.syncer.domain.verdict import Verdict
from shared.errors import PermanentError
from shared.events.runs import RunCounts, RunNote
from shared.postgres.database import Connection, Pool
from shared.store.runs import OpenRun


@dataclass(frozen=True)
class Plan:
    """What a run would do, in figures, and how it ends; its changes are stored.

    `fields` are the fields that rows of the file fill; `row_scheme` is what their hashes are over, None where there
    are none. `is_first_load`: every staged row is added, and no change of it is stored.
    """

    counts: RunCounts
    verdict: Verdict
    fields: list[int] = field(default_factory=list)
    row_scheme: int | None = None
    is_first_load: bool = False
    notes: list[RunNote] = field(default_factory=list)


async def clear_plan(connection: Connection, run_id: UUID) -> None:
    """Take away what was planned for a run before, with the problems of its rows."""
    await connection.execute(
        """WITH changes AS (DELETE FROM plan_changes WHERE run_id = $1),
            passwords AS (DELETE FROM plan_passwords WHERE run_id = $1)
        DELETE FROM run_problems WHERE run_id = $1""",
        run_id,
    )


async def count_changes(connection: Connection, run_id: UUID) -> dict[str, int]:
    """Return how many contacts a run's stored plan adds, updates and deletes."""
    rows = await connection.fetch(
        "SELECT change, count(*) AS count FROM plan_changes WHERE run_id = $1 GROUP BY change", run_id
    )
    return {"added": 0, "updated": 0, "deleted": 0} | {row["change"]: row["count"] for row in rows}


async def keep_plan(connection: Connection, run: OpenRun, manager: LockedManager, plan: Plan) -> None:
    """Note with the run what its stored plan counts, and which state of the manager it is for."""
    await connection.execute(
        """UPDATE runs SET plan_change_number = $2, counts = $3, plan_fields = $4, row_scheme = $5,
        is_first_load = $6, notes = $7 WHERE id = $1""",
        run.id,
        manager.change_number,
        plan.counts.model_dump(),
        plan.fields,
        plan.row_scheme,
        plan.is_first_load,
        [note.model_dump() for note in plan.notes],
    )


async def kept_plan(connection: Connection, run: OpenRun) -> Plan:
    """Return the stored plan of a run that is to be applied; PermanentError `plan_missing`."""
    row = await connection.fetchrow(
        """SELECT counts, plan_fields AS fields, row_scheme, is_first_load, EXISTS (
            SELECT FROM run_problems WHERE run_id = $1) AS has_problems FROM runs WHERE id = $1""",
        run.id,
    )
    if row is None or row["counts"] is None:
        raise PermanentError("plan_missing", "The run's stored plan is gone.")
    return Plan(
        counts=RunCounts(**row["counts"]),
        verdict=Verdict("succeeded_with_errors" if row["has_problems"] else "succeeded"),
        fields=row["fields"] or [],
        row_scheme=row["row_scheme"],
        is_first_load=row["is_first_load"],
    )


async def forget_plan(connection: Connection | Pool, run_id: UUID) -> None:
    """Let a run's plan be made anew before it is applied."""
    await connection.execute("UPDATE runs SET plan_change_number = NULL WHERE id = $1", run_id)
