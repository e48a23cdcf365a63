"""The problems of a run, each with the text of its row as the run's stored file has it."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from pydantic import Field

from services.web.dependencies.resources import Resources
from shared.errors import PermanentError, TransientError, UserError
from shared.postgres.database import Connection
from shared.run_file import RunFile, open_run_file
from shared.store.run_details import ProblemView

# A longer row cannot be told to be without passwords from its beginning alone.
_MOST_READ: Final = 1 << 20


class RowProblemView(ProblemView):
    """A problem with the text of the rejected row it is about."""

    raw: str | None = Field(
        description="The rejected row as it stands in the file, its first 1,000 characters, with cells that may hold "
        "a password masked; null: it is about no rejected row, or the file is not kept"
    )


async def with_rows(
    resources: Resources, connection: Connection, run_id: UUID, problems: Sequence[ProblemView]
) -> list[RowProblemView]:
    """Return the problems with their rows."""
    places = await _places(connection, run_id, problems)
    texts: dict[int, str] = {}
    if places:
        with suppress(UserError, TransientError, PermanentError):  # a file that is gone has no rows to show
            file = await open_run_file(resources.objects, connection, run_id)
            for line, (offset, length) in places.items():
                text = await _text(file, offset, length)
                if text is not None:
                    texts[line] = text
    return [RowProblemView(**dict(problem), raw=texts.get(problem.line or 0)) for problem in problems]


async def _places(connection: Connection, run_id: UUID, problems: Sequence[ProblemView]) -> dict[int, tuple[int, int]]:
    """Return offset and length of the rejected rows that problems are about, by line."""
    lines = sorted({problem.line for problem in problems if problem.line is not None and problem.severity == "error"})
    rows = await connection.fetch(
        """SELECT DISTINCT line, row_offset, row_length FROM run_problems
        WHERE run_id = $1 AND line = ANY($2::bigint[]) AND row_offset IS NOT NULL ORDER BY line""",
        run_id,
        lines,
    )
    return {row["line"]: (row["row_offset"], row["row_length"]) for row in rows}


async def _text(file: RunFile, offset: int, length: int) -> str | None:
    if length > _MOST_READ and file.layout.passwords:
        return None
    return file.layout.shown(file.text(await file.reader.read(offset, min(length, _MOST_READ))))
