"""The problems of a run's rows, read back from staging, a page at a time: codes become words for people."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from services.syncer.adapters.staged_set import StagedSet
from shared.postgres.database import Connection
from shared.rules.problems import describe_problem
from shared.store.problems import Problem, write_problems
from shared.store.runs import OpenRun

_PAGE: Final = 5_000

_REJECTIONS = """
SELECT line, unique_id, problems, row_offset, row_length FROM staged_rejections WHERE set_id = $1 ORDER BY line
"""

_MISSING_COLUMNS = "SELECT DISTINCT unnest(missing_columns) AS name FROM staged_batches WHERE set_id = $1 ORDER BY name"

_WARNINGS = "SELECT line, unique_id, problems FROM staged_warnings WHERE set_id = $1 ORDER BY line"

_DUPLICATES = """
SELECT line, unique_id, kept FROM (
    SELECT line, unique_id, max(line) OVER (PARTITION BY unique_id) AS kept FROM {rows}) AS rows
WHERE line < kept ORDER BY line
"""


@dataclass(frozen=True)
class RowProblems:
    """How many warnings a run has, and whether nothing is deleted, for a unique id that cannot be read."""

    warnings: int
    deletes_held_back: bool


async def write_row_problems(
    connection: Connection, run: OpenRun, staged: StagedSet, *, duplicates: str | None
) -> RowProblems:
    """Write the run's problems: rows with errors, warnings, and why nothing is deleted.

    `duplicates`: a relation of rows of which later ones replace earlier ones with the same unique id.
    """
    held_back, warnings = False, 0
    if staged.rejected:
        await _write(connection, run.id, _errors, _REJECTIONS, staged.id)
    if staged.has_missing_columns:
        warnings += await _write(connection, run.id, _column_kept, _MISSING_COLUMNS, staged.id)
    if staged.has_warnings:
        warnings += await _write(connection, run.id, _values_kept, _WARNINGS, staged.id)
    if staged.rejected and run.setup.options.delete_missing:
        held_back = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM staged_rejections WHERE set_id = $1 AND id_unreadable)", staged.id
        )
    if held_back:
        message = describe_problem("deletes_held_back")
        await write_problems(connection, run.id, [Problem(None, "warning", "deletes_held_back", message)])
    if duplicates:
        warnings += await _write(connection, run.id, _replaced, _DUPLICATES.format(rows=duplicates))
    return RowProblems(warnings + held_back, held_back)


async def _write(
    connection: Connection,
    run_id: UUID,
    problems_of: Callable[[asyncpg.Record], Iterable[Problem]],
    query: str,
    *arguments: object,
) -> int:
    """Write the problems that a query's rows tell; returns how many."""
    count = 0
    cursor = await connection.cursor(query, *arguments)
    rows = None
    while rows is None or len(rows) == _PAGE:
        rows = await cursor.fetch(_PAGE)
        if problems := [problem for row in rows for problem in problems_of(row)]:
            await write_problems(connection, run_id, problems)
            count += len(problems)
    return count


def _errors(row: asyncpg.Record) -> Iterable[Problem]:
    return (
        Problem(
            line=row["line"],
            severity="error",
            code=reason["code"],
            message=describe_problem(reason["code"], reason["column"]),
            column=reason["column"],
            unique_id=row["unique_id"],
            row_offset=row["row_offset"],
            row_length=row["row_length"],
        )
        for reason in row["problems"]
    )


def _column_kept(row: asyncpg.Record) -> Iterable[Problem]:
    message = describe_problem("column_kept", row["name"])
    return [Problem(None, "warning", "column_kept", message, column=row["name"])]


def _values_kept(row: asyncpg.Record) -> Iterable[Problem]:
    return (
        Problem(
            line=row["line"],
            severity="warning",
            code=reason["code"],
            message=f"{describe_problem(reason['code'], reason['column'])} {describe_problem('value_kept')}",
            column=reason["column"],
            unique_id=row["unique_id"],
        )
        for reason in row["problems"]
    )


def _replaced(row: asyncpg.Record) -> Iterable[Problem]:
    message = describe_problem("duplicate_id", other_line=row["kept"])
    return [Problem(row["line"], "warning", "duplicate_id", message, unique_id=row["unique_id"])]


async def count_undecodable(connection: Connection, set_id: int) -> int:
    """Return how many rejected rows have bytes that are not in the encoding."""
    count: int = await connection.fetchval(
        """SELECT count(*) FROM staged_rejections WHERE set_id = $1 AND problems @> '[{"code": "undecodable"}]'""",
        set_id,
    )
    return count
