"""What a run would do or did, and what was wrong with its file, as people and programs see it."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.set_ups import RunSetup

ChangeKind = Literal["added", "updated", "deleted"]


class PlanChange(BaseModel):
    """One contact's change; before and after by field name, without its unique id, and never a password."""

    change: ChangeKind
    unique_id: str
    line: int | None
    before: dict[str, str] | None = Field(description="Null: the contact was not there")
    after: dict[str, str] | None = Field(description="Null: the contact goes")
    passwords_changed: list[str] = Field(description="The names of the password fields that get a new one")


class ProblemView(BaseModel):
    """A row's error, or a warning; null `line`: it is about the file as a whole."""

    line: int | None
    severity: Literal["error", "warning"]
    code: str
    message: str
    column: str | None
    unique_id: str | None


STORED_COLUMNS = """c.ordinal, c.change, c.unique_id, c.line, c.before, c.after,
    CASE WHEN c.change = 'deleted' THEN '{}' ELSE ARRAY(
    SELECT p.field FROM plan_passwords p WHERE p.run_id = c.run_id AND p.unique_id = c.unique_id
        AND p.fingerprint IS DISTINCT FROM p.before_fingerprint ORDER BY p.field) END AS passwords"""
"""What `plan_change` reads, of rows `c` of `plan_changes`."""

_STORED = f"""
SELECT {STORED_COLUMNS}
FROM plan_changes c WHERE c.run_id = $1 AND ($2::text IS NULL OR c.change = $2) AND c.ordinal > $3
ORDER BY c.ordinal LIMIT $4
"""

# Contacts of a first load are the log of their own addition.
_OWN_LOG = """
SELECT c.change_number - r.plan_change_number AS ordinal, 'added' AS change, c.unique_id, c.log_line AS line,
    NULL AS before, c.fields AS after, ARRAY(
    SELECT p.field FROM plan_passwords p WHERE p.run_id = r.id AND p.unique_id = c.unique_id
    ORDER BY p.field) AS passwords
FROM runs r JOIN contacts c ON c.manager_id = r.manager_id AND c.change_number > r.plan_change_number + $2
    AND c.last_run_id = r.id AND c.log_line IS NOT NULL
WHERE r.id = $1 AND r.applied_at IS NOT NULL ORDER BY c.change_number LIMIT $3
"""


async def plan_changes(
    connection: Connection, run_id: UUID, *, kind: ChangeKind | None, after: int | None, limit: int
) -> list[tuple[int, PlanChange]]:
    """Return changes of a run's plan in its order with their ordinals, those after one; `run_not_found`."""
    run = await connection.fetchrow("SELECT setup, is_first_load FROM runs WHERE id = $1", run_id)
    if run is None:
        raise UserError("run_not_found", "There is no such run.")
    names = RunSetup.model_validate(run["setup"])
    place = 0 if after is None else after
    rows = await connection.fetch(_STORED, run_id, kind, place, limit)
    if run["is_first_load"] and kind in {None, "added"}:
        rows += await connection.fetch(_OWN_LOG, run_id, place, limit)
        rows = sorted(rows, key=itemgetter("ordinal"))[:limit]
    return [(row["ordinal"], plan_change(names, dict(row))) for row in rows]


@dataclass(frozen=True)
class Reason:
    """What a problem is: its code, and the column it is about."""

    code: str
    column: str | None = None


async def problems_of(
    connection: Connection, run_id: UUID, *, after: tuple[int, int] | None, limit: int, reason: Reason | None = None
) -> list[tuple[tuple[int, int], ProblemView]]:
    """Return a run's problems, or those of a reason, by line with their places, those after one.

    What is about the whole file comes first.
    """
    line, ordinal = after or (-1, -1)
    rows = await connection.fetch(
        """SELECT coalesce(line, 0) AS place, ordinal, line, severity, code, message, column_name AS column,
            unique_id
        FROM run_problems WHERE run_id = $1 AND (coalesce(line, 0), ordinal) > ($2, $3)
            AND ($5::text IS NULL OR code = $5 AND column_name IS NOT DISTINCT FROM $6)
        ORDER BY coalesce(line, 0), ordinal LIMIT $4""",
        run_id,
        line,
        ordinal,
        limit,
        reason and reason.code,
        reason and reason.column,
    )
    return [((row["place"], row["ordinal"]), ProblemView.model_validate(dict(row))) for row in rows]


async def problems_of_runs(connection: Connection, run_ids: list[UUID], *, limit: int) -> dict[UUID, list[ProblemView]]:
    """Return the first problems of each of some runs, those about the whole file before those by line."""
    rows = await connection.fetch(
        """SELECT wanted.run_id, p.* FROM unnest($1::uuid[]) AS wanted (run_id), LATERAL (
            SELECT line, severity, code, message, column_name AS column, unique_id FROM run_problems
            WHERE run_id = wanted.run_id ORDER BY coalesce(line, 0), ordinal LIMIT $2) p""",
        run_ids,
        limit,
    )
    found: dict[UUID, list[ProblemView]] = {}
    for row in rows:
        found.setdefault(row["run_id"], []).append(ProblemView.model_validate(dict(row)))
    return found


@dataclass(frozen=True)
class RejectedRowView:
    """Where a rejected row stands in the run's stored file, in bytes, and why it was rejected."""

    line: int
    offset: int
    length: int
    reasons: list[str]


async def rejected_rows(connection: Connection, run_id: UUID, *, after: int, limit: int) -> list[RejectedRowView]:
    """Return a run's rejected rows by line, those after a line."""
    rows = await connection.fetch(
        """SELECT line, min(row_offset) AS offset, min(row_length) AS length,
            array_agg(message ORDER BY ordinal) AS reasons
        FROM run_problems WHERE run_id = $1 AND row_offset IS NOT NULL AND line > $2
        GROUP BY line ORDER BY line LIMIT $3""",
        run_id,
        after,
        limit,
    )
    return [RejectedRowView(**dict(row)) for row in rows]


def plan_change(names: RunSetup, row: dict[str, Any]) -> PlanChange:
    """Return a change of a plan by the names that the run's set-up has for fields."""
    before, after = row["before"], row["after"]
    numbers = sorted({*(before or {}), *(after or {})}, key=int)

    def named(values: dict[str, str] | None) -> dict[str, str] | None:
        return None if values is None else {names.field_name(int(key)): values.get(key, "") for key in numbers}

    return PlanChange(
        change=row["change"],
        unique_id=row["unique_id"],
        line=row["line"],
        before=named(before),
        after=named(after),
        passwords_changed=[names.field_name(number) for number in row["passwords"]],
    )
