"""The beginning of a file, before anything is saved."""

from typing import Annotated

from fastapi import Body

from services.web.dependencies.api_route import By, api_router
from services.web.dependencies.resources import Open
from services.web.dependencies.show_preview import PreviewView, show_preview
from services.web.forms.preview_input import PreviewInput
from services.web.security.access import needs
from shared.rules.roles import Role

router = api_router("imports")


@router.post("/previews")
@needs(Role.EDITOR)
async def preview_file(wanted: Annotated[PreviewInput, Body()], resources: Open, by: By) -> PreviewView:
    """Show how a file would be read, and propose a mapping; saves and pins nothing. `504` after 10 seconds."""
    return await show_preview(resources, by.account_id, wanted)
