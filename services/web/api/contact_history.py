"""A contact's history: what made it what it is."""

from uuid import UUID

from starlette.routing import Match
from starlette.types import Scope

from services.web.dependencies.api_route import ApiRoute, api_router
from services.web.dependencies.paging import Cursor, Limit, Page, number_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.forms.contact_input import checked_id
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.contact_history import ContactChange, contact_history
from shared.store.managers import get_manager

_SUFFIX = b"/history"


class HistoryRoute(ApiRoute):
    """Is meant only where the path itself ends so: a unique id may end like that too, with its slash encoded."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the route is meant."""
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        return super().matches(scope) if raw.endswith(_SUFFIX) else (Match.NONE, {})


router = api_router("contacts", HistoryRoute)


@router.get("/managers/{manager_id}/contacts/{unique_id:path}/history")
@needs(Role.VIEWER)
async def get_history(
    manager_id: UUID, unique_id: str, resources: Open, limit: Limit = 100, cursor: Cursor = None
) -> Page[ContactChange]:
    """List what changed in a contact, when, by which run and line or by whom, the newest first; deleted ones too."""
    wanted = checked_id(unique_id)
    before = place_of(cursor, number_place)
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        found = await contact_history(connection, manager, wanted, before=before, limit=limit + 1)
    if not found and before is None:
        raise UserError("contact_not_found", "There is no contact with this unique id, and never was.")
    return page_of(found, limit, lambda change: change.number)
