"""Contact managers to choose from in a form: as many as a list can hold, and beyond that those that a text finds."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.postgres.database import Connection
from shared.store.managers import count_managers, manager_names

MOST: Final = 1000


@dataclass(frozen=True)
class PickedManagers:
    """Names by id, in their order; `are_many`: there are more than are ever listed at once."""

    names: dict[UUID, str]
    text: str
    are_many: bool


async def pick_managers(connection: Connection, text: str, *, also: Collection[UUID | None]) -> PickedManagers:
    """Return those whose name holds the text, and those that the page names anyway."""
    wanted = text.replace("\0", "").strip()
    names = await manager_names(connection, wanted, also=[each for each in also if each], limit=MOST)
    return PickedManagers(names, wanted, await count_managers(connection) > MOST)
