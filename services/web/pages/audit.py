"""Who changed what, for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.paging import Cursor, number_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor
from services.web.pages.render import page
from services.web.security.access import needs
from shared.rules.roles import Role
from shared.store.audit_log import list_entries

router = page_router()

_SHOWN = 25


@router.get("/audit")
@needs(Role.ADMIN)
async def show_audit_log(
    request: Request,
    resources: Open,
    visitor: Visitor,
    about: Annotated[UUID | None, Query()] = None,
    cursor: Cursor = None,
) -> Response:
    """Show changes, the newest first: all, or those of one object."""
    before = place_of(cursor, number_place)
    async with resources.database.pool.acquire() as connection:
        found = await list_entries(connection, object_id=about, before=before, limit=_SHOWN + 1)
    entries = page_of(found, _SHOWN, lambda entry: entry.number)
    return page(request, "audit.html", visitor, entries=entries, about=about, is_continued=before is not None)
