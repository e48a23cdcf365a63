"""Whether a contact's password is right, for a portal that signs contacts in."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.web.dependencies.api_route import api_router
from services.web.dependencies.portal_passwords import password_is_right
from services.web.dependencies.resources import Open
from services.web.forms.contact_input import checked_id
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.roles import Role

router = api_router("contacts")


class PortalSignIn(BaseModel):
    """Who wants in, and with what."""

    model_config = ConfigDict(extra="forbid")

    unique_id: Annotated[str, Field(max_length=2000)]
    password: Annotated[SecretStr, Field(max_length=4000)]


@router.post("/managers/{manager_id}/portal-sign-in", status_code=204)
@needs(Role.VIEWER)
async def portal_sign_in(manager_id: UUID, tried: PortalSignIn, resources: Open) -> Response:
    """Tell whether this is the contact's password: 204, or 401; after too many wrong ones within a minute 429."""
    wanted = checked_id(tried.unique_id)
    await resources.portal_attempts.count(str(manager_id), wanted)
    if not await password_is_right(resources, manager_id, wanted, tried.password.get_secret_value()):
        raise UserError("password_wrong", "There is no contact with this unique id and this password.")
    await resources.portal_attempts.clear(str(manager_id), wanted)
    return Response(status_code=204)
