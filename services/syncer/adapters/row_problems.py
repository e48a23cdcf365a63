"""The problems of a run's rows, read back from staging: positions and codes become words for people."""

from shared.postgres.database import Connection
from shared.rules.problems import describe_problem
from shared.store.problems import Problem
from shared.store.runs import OpenRun

_DUPLICATES = """
SELECT line, unique_id, kept FROM (
    SELECT line, unique_id, max(line) OVER (PARTITION BY unique_id) AS kept FROM {rows}) AS rows
WHERE line < kept ORDER BY line
"""


async def row_problems(connection: Connection, run: OpenRun, set_id: int) -> list[Problem]:
    """Return the run's problems: rows with errors, warnings, and why nothing is deleted."""
    rejections = await connection.fetch(
        """SELECT line, unique_id, id_unreadable, problems, row_offset, row_length FROM staged_rejections
        WHERE set_id = $1 ORDER BY line""",
        set_id,
    )
    problems = [
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
        for row in rejections
        for reason in row["problems"]
    ]
    problems += await _warnings(connection, set_id)
    if run.setup.options.delete_missing and any(row["id_unreadable"] for row in rejections):
        message = describe_problem("deletes_held_back")
        problems.append(Problem(line=None, severity="warning", code="deletes_held_back", message=message))
    return problems


async def _warnings(connection: Connection, set_id: int) -> list[Problem]:
    """Return the warnings of values that were refused, so that the stored ones stay, and of columns not there."""
    missing = await connection.fetch(
        "SELECT DISTINCT unnest(missing_columns) AS name FROM staged_batches WHERE set_id = $1 ORDER BY name", set_id
    )
    rows = await connection.fetch(
        "SELECT line, unique_id, problems FROM staged_warnings WHERE set_id = $1 ORDER BY line", set_id
    )
    return [
        *(
            Problem(
                line=None,
                severity="warning",
                code="column_kept",
                message=describe_problem("column_kept", row["name"]),
                column=row["name"],
            )
            for row in missing
        ),
        *(
            Problem(
                line=row["line"],
                severity="warning",
                code=reason["code"],
                message=f"{describe_problem(reason['code'], reason['column'])} {describe_problem('value_kept')}",
                column=reason["column"],
                unique_id=row["unique_id"],
            )
            for row in rows
            for reason in row["problems"]
        ),
    ]


async def duplicate_problems(connection: Connection, rows: str) -> list[Problem]:
    """Return a warning for each row of a relation that a later one with the same unique id replaces."""
    return [
        Problem(
            line=row["line"],
            severity="warning",
            code="duplicate_id",
            message=describe_problem("duplicate_id", other_line=row["kept"]),
            unique_id=row["unique_id"],
        )
        for row in await connection.fetch(_DUPLICATES.format(rows=rows))
    ]


async def count_undecodable(connection: Connection, set_id: int) -> int:
    """Return how many rejected rows have bytes that are not in the encoding."""
    count: int = await connection.fetchval(
        """SELECT count(*) FROM staged_rejections WHERE set_id = $1 AND problems @> '[{"code": "undecodable"}]'""",
        set_id,
    )
    return count
