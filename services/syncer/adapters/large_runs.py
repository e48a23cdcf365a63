"""What tells a run that is large for the planner of the database."""

from typing import Final

from shared.postgres.database import Connection

LARGE: Final = 5_000
"""From so many rows, changes or contacts on, a wrong guess about a table that has just grown would cost minutes."""


async def plan_each_statement(connection: Connection) -> None:
    """Have statements planned for this transaction's run.

    A plan that a connection has kept from small runs is one for few contacts, and heeds no setting for large ones.
    """
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
