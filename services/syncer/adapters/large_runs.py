"""What tells a run that is large for the planner of the database."""

from typing import Final

from shared.postgres.database import Connection

LARGE: Final = 5_000
"""From so many rows, changes or contacts on, a wrong guess about a table that has just grown would cost minutes."""
_MIDDLING: Final = 1_000
"""From so many on, it would cost more than planning each statement anew."""

_FEW_PERCENT: Final = 10
"""Up to such a share of the contacts, looking each up in the index beats reading them all."""

# A parallel hash join of a million rows takes half the time; the default costs would not choose it.
_COMPARE_ALL = """
SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0
"""

# By an index alone, as far as it is known that all see what is there.
_COUNT_ALL = """
SET LOCAL random_page_cost = 1.1; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0
"""

_LOOK_UP_FEW = """
SET LOCAL enable_nestloop = on; SET LOCAL random_page_cost = 1.1;
SET LOCAL parallel_setup_cost TO DEFAULT; SET LOCAL parallel_tuple_cost TO DEFAULT
"""


async def plan_for_size(connection: Connection, size: int) -> bool:
    """Have statements planned for this transaction's run; tells whether it is a large one.

    A plan that a connection has kept from small runs is one for few contacts, and heeds no setting for large ones.
    """
    if size > _MIDDLING:
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    return size > LARGE


async def plan_for_all(connection: Connection) -> None:
    """Have statements of this transaction planned that read all contacts of a large run."""
    await connection.execute(_COMPARE_ALL)


async def plan_for_count(connection: Connection) -> None:
    """Have the statement planned that counts the contacts of a large run."""
    await connection.execute(_COUNT_ALL)


async def plan_for_changes(connection: Connection, changes: int, contacts: int) -> None:
    """Have statements of this transaction planned that read, of so many contacts, those that a large run changes."""
    few = changes * 100 <= contacts * _FEW_PERCENT
    await connection.execute(_LOOK_UP_FEW if few else _COMPARE_ALL)


async def count_in_parallel(connection: Connection, query: str, *arguments: object) -> int:
    """Return the one number that a query counts; all its rows are asked for, else it would not run in parallel."""
    (row,) = await connection.fetch(query, *arguments)
    counted: int = row[0]
    return counted
