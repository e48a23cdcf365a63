"""What tells a run that is large for the planner of the database."""

from typing import Final

from shared.postgres.database import Connection

LARGE: Final = 5_000
"""From so many rows, changes or contacts on, a wrong guess about a table that has just grown would cost minutes."""
_MIDDLING: Final = 1_000
"""From so many on, it would cost more than planning each statement anew."""


async def plan_for_size(connection: Connection, size: int) -> bool:
    """Have statements planned for this transaction's run; tells whether it is a large one.

    A plan that a connection has kept from small runs is one for few contacts, and heeds no setting for large ones.
    """
    if size > _MIDDLING:
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    return size > LARGE
