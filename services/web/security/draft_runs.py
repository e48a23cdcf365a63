"""Dry runs of set-ups that are not finished: they are the business of whoever makes the set-up, and of nobody else."""

from typing import Any
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.roles import Role

_IS_ANOTHERS = """SELECT EXISTS (SELECT FROM runs r JOIN imports i ON i.id = r.import_id
    WHERE r.id = $1 AND i.is_draft AND (r.requested_by IS DISTINCT FROM $2 OR NOT $3))"""


async def hide_draft_runs(connection: Connection, path: dict[str, Any], account_id: UUID, role: Role) -> None:
    """Refuse a route about a run that is another's draft's, as if it were not there: UserError `run_not_found`.

    `path` has the route's parameters as they came; an id that is none is for the route itself to judge.
    """
    try:
        run_id = UUID(str(path["run_id"]))
    except (KeyError, ValueError):
        return
    if await connection.fetchval(_IS_ANOTHERS, run_id, account_id, role.includes(Role.EDITOR)):
        raise UserError("run_not_found", "There is no such run.")
