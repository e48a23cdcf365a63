"""The problems of a run: what was wrong with which line. Written by the syncer, read by all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared.events.runs import FinishedProblem
from shared.postgres.database import Connection

_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """A row's error, or a warning; null `line`: it is about the file as a whole."""

    line: int | None
    severity: Literal["error", "warning"]
    code: str
    message: str
    column: str | None = None
    unique_id: str | None = None
    row_offset: int | None = None
    """Where in the stored file's text the row stands, in bytes; null: it was not rejected."""
    row_length: int | None = None


async def write_problems(connection: Connection, run_id: UUID, problems: Iterable[Problem]) -> None:
    """Add problems to a run, in the order given."""
    await connection.copy_records_to_table(
        "run_problems",
        records=(
            (
                run_id,
                problem.line,
                problem.severity,
                problem.code,
                problem.message,
                problem.column,
                problem.unique_id,
                problem.row_offset,
                problem.row_length,
            )
            for problem in problems
        ),
        columns=(
            "run_id",
            "line",
            "severity",
            "code",
            "message",
            "column_name",
            "unique_id",
            "row_offset",
            "row_length",
        ),
    )


async def first_problems(connection: Connection, run_id: UUID) -> tuple[list[FinishedProblem], int]:
    """Return a run's first problems in the order of lines, and how many there are in all."""
    count = await connection.fetchval("SELECT count(*) FROM run_problems WHERE run_id = $1", run_id)
    if not count:
        return [], 0
    rows = await connection.fetch(
        """SELECT line, severity, code, message, column_name AS column FROM run_problems
        WHERE run_id = $1 ORDER BY line NULLS FIRST, ordinal LIMIT $2""",
        run_id,
        _SHOWN,
    )
    return [FinishedProblem(**dict(row)) for row in rows], count
