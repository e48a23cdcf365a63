"""Passwords of contacts, tried against their hashes."""

from uuid import UUID

from services.web.dependencies.resources import Resources
from shared.store.managers import get_manager


async def password_is_right(resources: Resources, manager_id: UUID, unique_id: str, password: str) -> bool:
    """Tell whether a contact has this password in any of its password fields; UserError `manager_not_found`.

    It takes as long for a contact that has none, or is not there.
    """
    async with resources.database.pool.acquire() as connection:
        await get_manager(connection, manager_id)
        rows = await connection.fetch(
            "SELECT hash FROM contact_passwords WHERE manager_id = $1 AND unique_id = $2 ORDER BY field",
            manager_id,
            unique_id,
        )
    if not rows:
        await resources.passwords.try_nobodys(password)
        return False
    fits = [await resources.passwords.fits(row["hash"], password) for row in rows]
    return any(fits)
