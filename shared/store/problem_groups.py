"""The problems of a run by reason: what was wrong how often, and on which lines first."""

from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.postgres.database import Connection
from shared.rules.problems import PROBLEM_CODES, describe_problem

MOST_COUNTED: Final = 100_000
"""So many of a run's first problems are counted: a page has to be there at once."""
_LINES: Final = 5


class ProblemGroup(BaseModel):
    """Problems of one reason, in one column where they are about one."""

    severity: Literal["error", "warning"]
    code: str
    column: str | None
    message: str = Field(description="What is wrong, in words; where the words differ, those of one of them")
    count: int
    lines: list[int] = Field(description="The first lines it was found on")


async def problem_groups(connection: Connection, run_id: UUID) -> list[ProblemGroup]:
    """Return the reasons of a run's first `MOST_COUNTED` problems: errors first, then by how often."""
    rows = await connection.fetch(
        """SELECT severity, code, column_name AS column, count(*), min(message) AS message,
            array_remove((array_agg(line))[1:$3], NULL) AS lines
        FROM (
            SELECT severity, code, column_name, message, line FROM run_problems
            WHERE run_id = $1 ORDER BY ordinal LIMIT $2) AS first
        GROUP BY severity, code, column_name ORDER BY severity = 'error' DESC, count(*) DESC, code, column_name""",
        run_id,
        MOST_COUNTED,
        _LINES,
    )
    return [
        ProblemGroup(**(dict(row) | {"message": _words(row["code"], row["column"], row["message"])})) for row in rows
    ]


def _words(code: str, column: str | None, message: str) -> str:
    return describe_problem(code, column) if code in PROBLEM_CODES else message
