"""Who changed what."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.web.dependencies.api_route import api_router
from services.web.dependencies.paging import Cursor, Limit, Page, number_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.security.access import needs
from shared.rules.roles import Role
from shared.store.audit_log import AuditEntry, list_entries

router = api_router("audit")


@router.get("/audit")
@needs(Role.ADMIN)
async def get_audit_log(
    resources: Open,
    object_id: Annotated[UUID | None, Query(description="Only changes of this manager, import, run or account")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AuditEntry]:
    """List changes, the newest first; also those of objects that were deleted since."""
    before = place_of(cursor, number_place)
    async with resources.database.pool.acquire() as connection:
        found = await list_entries(connection, object_id=object_id, before=before, limit=limit + 1)
    return page_of(found, limit, lambda entry: entry.number)
